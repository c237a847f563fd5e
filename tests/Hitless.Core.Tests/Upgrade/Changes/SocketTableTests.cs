using Hitless.Core.Upgrade.Changes;
using Xunit;

namespace Hitless.Core.Tests.Upgrade.Changes;

public sealed class SocketTableTests
{
    private const string Head =
        "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode                               ";

    [Theory]
    [InlineData(
        "   0: 0100007F:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1",
        "listener tcp 127.0.0.1:22"
    )]
    [InlineData(
        "   1: 00000000000000000000000000000000:01BB 00000000000000000000000000000000:0000 0A 0:0 0:0 0 0 0 1 1",
        "listener tcp [::]:443"
    )]
    [InlineData("   2: 0100000A:0050 0A00000A:B21C 01 0:0 00:0 0 0 0 1 1", null)]
    [InlineData("   3: 0100000A:C350 FE00000A:00B3 01 0:0 00:0 0 0 0 1 1", "routing peer 10.0.0.254 (BGP)")]
    [InlineData("   4: 0100000A:00B3 FE00000A:C350 01 0:0 00:0 0 0 0 1 1", "routing peer 10.0.0.254 (BGP)")]
    [InlineData("   5: 0100000A:C350 FE00000A:00B3 02 0:0 00:0 0 0 0 1 1", null)]
    [InlineData(
        "   6: B80D0120000000000000000001000000:00B3 B80D0120000000000000000002000000:C350 01 0 0 0 0",
        "routing peer 2001:db8::2 (BGP)"
    )]
    public void Tcp_gives_listeners_and_established_sessions_of_bgp(string line, string? name)
    {
        var found = SocketTable.Tcp([Head, line]);
        Assert.Equal(name is null ? [] : [name], found.Select(item => item.Name));
    }

    [Theory]
    [InlineData("  10: 00000000:0043 00000000:0000 07 0:0 00:0 0 0 0 2 0 0", "listener udp 0.0.0.0:67")]
    [InlineData("  11: 0100000A:0035 00000000:0000 07 0:0 00:0 0 0 0 2 0 0", "listener udp 10.0.0.1:53")]
    [InlineData("  12: 00000000:C350 00000000:0000 07 0:0 00:0 0 0 0 2 0 0", null)]
    [InlineData("  13: 0100000A:007B 0A00000A:007B 01 0:0 00:0 0 0 0 2 0 0", null)]
    public void Udp_gives_what_waits_for_anybody_and_no_question_on_its_way(string line, string? name)
    {
        var found = SocketTable.Udp([Head, line], 32768, 60999);
        Assert.Equal(name is null ? [] : [name], found.Select(item => item.Name));
    }

    [Fact]
    public void Whatever_a_line_is_it_is_read_or_passed_over()
    {
        const string line = "   0: 0100007F:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1";
        var random = new Random(20261201);
        for (var round = 0; round < 20_000; round++)
        {
            var damaged = line.ToCharArray();
            for (var change = random.Next(1, 6); change > 0; change--)
            {
                damaged[random.Next(damaged.Length)] = (char)random.Next(32, 127);
            }

            var text = new string(damaged)[..random.Next(damaged.Length + 1)];
            Assert.True(SocketTable.Tcp([text]).Count() <= 1);
            Assert.True(SocketTable.Udp([text], 1, 2).Count() <= 1);
            Assert.True(InterfaceErrors.Read([text], ["0"]).Count() <= 1);
        }
    }

    [Theory]
    [InlineData("  wan0: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16", "14")]
    [InlineData("  lan0: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16", null)]
    [InlineData("  wan0: 1 2 3", null)]
    public void Errors_are_those_received_and_sent(string line, string? sum) =>
        Assert.Equal(sum is null ? [] : [sum], InterfaceErrors.Read([line], ["wan0"]).Select(item => item.Value));
}
