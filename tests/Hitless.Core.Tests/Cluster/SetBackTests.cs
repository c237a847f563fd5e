using Hitless.Core.Cluster;
using Hitless.Core.Wire;
using Xunit;

namespace Hitless.Core.Tests.Cluster;

/// <summary>A machine that goes on from a snapshot learns it from the first heartbeat that it hears (docs/decisions/0069).</summary>
public sealed class SetBackTests
{
    private const int Group = 7;
    private static readonly ClusterKey Key = new([.. Enumerable.Range(0, ClusterKey.Size).Select(i => (byte)i)]);
    private readonly byte[] datagram = new byte[2048];
    private readonly byte[] plaintext = new byte[2048];

    [Fact]
    public void Each_unit_tells_how_far_it_has_heard_the_others_also_those_that_are_gone()
    {
        var bench = new MachineBench(200, 100).Run(3000);
        var heard = Told(bench[1].Machine!.Outgoing);
        var (of, upTo) = (heard.Heard[0].Start, heard.Heard[0].Sequence);
        Assert.True(heard.HeardCount == 1 && upTo > 10);
        bench[0].Kill();
        bench.Run(10_000);
        Assert.Equal(UnitRole.Primary, bench[1].Machine!.Role);
        Assert.InRange(Told(bench[1].Machine!.Outgoing).HeardOf(of), upTo, ulong.MaxValue);
        Assert.Equal(0UL, Told(bench[1].Machine!.Outgoing).HeardOf(new(of.Bits + 2)));
    }

    [Fact]
    public void What_a_machine_that_was_set_back_says_is_a_replay_to_the_others_and_they_know_more_of_it_than_it_has_sent()
    {
        using var opener = new DatagramOpener([Key], DatagramKind.Heartbeat, Group, ownUnitId: new(2));
        using var sealer = Sealer(incarnation: 99);
        for (var i = 0; i < 3000; i++)
        {
            Assert.Equal(DatagramVerdict.Accepted, Say(sealer, opener));
        }

        // The snapshot was taken after a hundred; what is said then has other contents, and numbers that are used up.
        using var resumed = Sealer(incarnation: 99);
        for (var i = 0; i < 100; i++)
        {
            resumed.Seal("before"u8, datagram);
        }

        for (var i = 0; i < 2900; i++)
        {
            Assert.Equal(DatagramVerdict.Replayed, Say(resumed, opener));
        }

        var told = new Heartbeat { HeardCount = 1 };
        told.Heard[0] = new HeardUpTo(new(99), 3000);
        Assert.Equal(3000UL, told.HeardOf(new(99)));
        Assert.False(told.HeardOf(new(99)) > sealer.Sequence);
        using var again = Sealer(incarnation: 99);
        again.Seal("before"u8, datagram);
        Assert.True(told.HeardOf(new(99)) > again.Sequence);

        // It starts anew.
        using var restarted = Sealer(incarnation: 100);
        Assert.Equal(DatagramVerdict.Accepted, Say(restarted, opener));
        Assert.Equal(0UL, told.HeardOf(new(100)));
    }

    private static DatagramSealer Sealer(int incarnation) =>
        new(Key, DatagramKind.Heartbeat, WireVersion.Minor, Group, unitId: new(1), new((UInt128)incarnation));

    private DatagramVerdict Say(DatagramSealer sealer, DatagramOpener opener) =>
        opener.Open(datagram.AsSpan(0, sealer.Seal("now"u8, datagram)), plaintext, TimeSpan.FromSeconds(1), out _, out _);

    private static Heartbeat Told(Heartbeat outgoing)
    {
        var bytes = new byte[HeartbeatCodec.LengthMax];
        var heard = new Heartbeat();
        Assert.True(HeartbeatCodec.TryRead(bytes.AsSpan(0, HeartbeatCodec.Write(outgoing, 1, bytes)), heard));
        return heard;
    }
}
