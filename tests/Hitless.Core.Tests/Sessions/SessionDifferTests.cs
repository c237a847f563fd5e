using System.Net;
using Hitless.Core.Sessions;
using Xunit;

namespace Hitless.Core.Tests.Sessions;

public sealed class SessionDifferTests
{
    [Fact]
    public void Ten_differences_in_two_hundred_thousand_sessions_cost_kilobytes()
    {
        var ours = new SessionDigests();
        var theirs = new SessionDigests();
        for (var i = 0; i < 200_000; i++)
        {
            ours.Add(SessionSamples.Tcp(i));
            if (i % 20_000 != 7)
                theirs.Add(SessionSamples.Tcp(i) with { TimeoutSeconds = 1, Mark = 5 });
        }

        var bytes = theirs.ToBytes();
        Assert.True(SessionDigests.TryParse(bytes, out var received));
        Assert.Equal(theirs.Sessions, received.Sessions);
        var unequal = ours.UnequalTo(received);
        Assert.InRange(unequal.Count, 1, 10);
        Assert.Equal(
            Enumerable.Range(0, 10).Select(i => SessionDigests.BucketOf(SessionSamples.Tcp((i * 20_000) + 7).Key, 4096)).Distinct().Order(),
            unequal
        );
        Assert.InRange(bytes.Length, 1, 64 * 1024);
    }

    [Fact]
    public void What_is_only_on_its_way_is_no_difference()
    {
        var first = SessionDiffer.Compare("a", "b", [SessionSamples.Tcp(1), SessionSamples.Tcp(2)], [], 2, 100);
        var second = SessionDiffer.Compare("a", "b", [SessionSamples.Tcp(2), SessionSamples.Tcp(3)], [], 2, 100);
        var settled = SessionDiffer.Settled(first, second);
        Assert.Equal((1L, 200L), (settled.Missing, settled.BytesExchanged));
        Assert.Equal("10.0.0.1:2 -> 192.0.2.1:80", Assert.Single(settled.Entries).Session.Original);
    }

    [Fact]
    public void Fates_follow_from_protocol_state_and_translation()
    {
        SessionRecord[] missing =
        [
            SessionSamples.Tcp(1),
            SessionSamples.Tcp(2, TcpState.TimeWait),
            SessionSamples.NatV6(3),
            Straight(Protocols.Udp),
            Straight(Protocols.Icmp),
            Straight(Protocols.Gre) with
            {
                Parent = new SessionParent(Protocols.Tcp, SessionSamples.Tcp(1).Key.Original),
            },
        ];
        var found = SessionDiffer.Compare("a", "b", missing, [], 6, 0, record => record.Key.Protocol == Protocols.Tcp);
        Assert.Equal(
            ["breaks True", "not-needed True", "breaks False", "breaks False", "not-needed False", "survives False"],
            found.Entries.Select(entry => $"{entry.Fate} {entry.Session.Critical}")
        );
        Assert.Equal(1, found.Critical);
    }

    [Fact]
    public void Lists_and_digests_of_another_unit_are_read_or_refused_and_never_throw()
    {
        var random = new Random(4);
        SessionRecord[] records = [.. Enumerable.Range(0, 20).Select(_ => SessionSamples.Any(random))];
        var valid = SessionRecords.ToBytes(records);
        Assert.True(SessionRecords.TryParse(valid, out var read));
        Assert.Equal(records, read);
        for (var i = 0; i < 50_000; i++)
        {
            var bytes = valid[..random.Next(valid.Length)];
            for (var n = random.Next(5); n > 0 && bytes.Length > 0; n--)
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            _ = SessionRecords.TryParse(bytes, out _);
            _ = SessionDigests.TryParse(bytes, out _);
        }
    }

    [Theory]
    [InlineData("10.0.0.1", "192.0.2.1", true)]
    [InlineData("10.0.0.9", "192.0.2.1", false)]
    [InlineData("10.0.0.1", "10.9.9.2", false)]
    [InlineData("127.0.0.1", "192.0.2.1", false)]
    [InlineData("10.0.0.1", "224.0.0.18", false)]
    [InlineData("10.0.0.1", "255.255.255.255", false)]
    [InlineData("169.254.1.1", "192.0.2.1", false)]
    [InlineData("fd00::1", "2001:db8::1", true)]
    [InlineData("fe80::1", "2001:db8::1", false)]
    [InlineData("fd00::1", "ff02::1", false)]
    [InlineData("::1", "::1", false)]
    public void Only_sessions_through_the_cluster_are_replicated(string source, string destination, bool expected)
    {
        var filter = new SessionFilter(
            new SessionSettings(true, true, true, true, TimeSpan.Zero, []),
            [IPAddress.Parse("10.0.0.9")],
            [IPAddress.Parse("10.9.9.2")]
        );
        var original = new SessionTuple(SessionSamples.Number(source), SessionSamples.Number(destination), 1, 2);
        var record = new SessionRecord(
            new SessionKey(source.Contains(':'), Protocols.Udp, 0, original),
            original.Inverted(Protocols.Udp),
            SessionStatus.Confirmed,
            30,
            0,
            default
        );
        Assert.Equal(expected, filter.Replicates(record));
    }

    [Fact]
    public void Options_leave_out_whole_kinds()
    {
        SessionFilter Filter(bool tcp, bool connectionless, bool nat, bool expectations = true) =>
            new(new SessionSettings(tcp, connectionless, expectations, nat, TimeSpan.Zero, []), [], []);
        Assert.False(Filter(false, true, true).Replicates(SessionSamples.Tcp(1)));
        Assert.True(Filter(true, false, false).Replicates(SessionSamples.Tcp(1)));
        Assert.False(Filter(true, false, true).Replicates(SessionSamples.NatV6(1)));
        Assert.False(Filter(true, true, false).Replicates(SessionSamples.NatV6(1)));
        Assert.True(Filter(true, true, true).Replicates(SessionSamples.NatV6(1)));
        Assert.True(Filter(true, true, true).Replicates(SessionSamples.Expectation(1)));
        Assert.False(Filter(true, true, false).Replicates(SessionSamples.Expectation(1)));
        Assert.False(Filter(true, true, true, expectations: false).Replicates(SessionSamples.Expectation(1)));
    }

    private static SessionRecord Straight(byte protocol)
    {
        var original = new SessionTuple(SessionSamples.Number("10.0.0.1"), SessionSamples.Number("192.0.2.1"), 5, 0x800);
        return new SessionRecord(
            new SessionKey(false, protocol, 0, original),
            original.Inverted(protocol),
            SessionStatus.Confirmed,
            30,
            0,
            default
        );
    }
}
