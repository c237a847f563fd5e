using System.Diagnostics;
using Hitless.Linux.Sockets;
using Xunit;

namespace Hitless.Linux.Tests.Sockets;

public sealed class PacketChannelTests
{
    private static readonly TimeSpan Plenty = TimeSpan.FromSeconds(20);

    [Fact]
    public void Packets_keep_their_borders_and_their_order()
    {
        var (one, other) = PacketChannel.Pair();
        using (one)
        using (other)
        {
            Assert.False(other.HasPacket);
            Assert.True(one.TrySend([1, 2, 3], Plenty));
            Assert.True(one.TrySend([4], Plenty));
            var buffer = new byte[100];
            Assert.True(other.HasPacket);
            Assert.Equal((3, 1), (other.Receive(buffer), (int)buffer[0]));
            Assert.Equal((1, 4), (other.Receive(buffer), (int)buffer[0]));
        }
    }

    [Fact]
    public void Whoever_takes_nothing_makes_the_sender_wait_no_longer_than_it_says()
    {
        var (one, other) = PacketChannel.Pair();
        using (one)
        using (other)
        {
            var packet = new byte[30_000];
            var sent = 0;
            while (one.TrySend(packet, TimeSpan.FromMilliseconds(10)))
            {
                Assert.True(++sent < 100_000, "it never fills up");
            }

            Assert.NotEqual(0, sent);
        }
    }

    [Fact]
    public async Task The_end_of_either_is_the_end_of_both()
    {
        var (one, other) = PacketChannel.Pair();
        using (one)
        using (other)
        {
            var waiting = Task.Run(() => other.Receive(new byte[10]), TestContext.Current.CancellationToken);
            one.Shutdown();
            Assert.Equal(0, await waiting.WaitAsync(Plenty, TestContext.Current.CancellationToken));
            Assert.False(other.TrySend([1], Plenty));
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void What_is_executed_has_an_end_if_it_is_to(bool inherit)
    {
        var (one, other) = PacketChannel.Pair();
        using (one)
        using (other)
        {
            using var child = Process.Start("test", ["-e", $"/proc/self/fd/{one.Inherit(inherit)}"]);
            child.WaitForExit();
            Assert.Equal(inherit, child.ExitCode == 0);
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("-1")]
    [InlineData("99999")]
    [InlineData("3 4")]
    public void What_is_no_descriptor_is_no_end(string number) => Assert.False(PacketChannel.TryTakeInherited(number, out _));
}
