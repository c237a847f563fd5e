using System.Net;
using Hitless.Core.Wire;
using Hitless.Core.Wire.Floods;
using Hitless.Linux.Sockets;

namespace Hitless.Linux.Tests.Sockets;

/// <summary>The kernel takes of a socket's datagrams what an <see cref="Admission"/> says, and of the rest a sample.</summary>
public sealed class SealedFilterTests
{
    private const int Group = 300;
    private static readonly Incarnation Incarnation = new(new UInt128(0x0123456789abcdef, 0xfedcba9876543210));
    private static readonly Incarnation Unknown = new(new UInt128(9, 9));

    [Theory]
    [InlineData("127.0.0.1", 5_000_000_000)]
    [InlineData("::1", 5_000_000_000)]
    [InlineData("127.0.0.1", uint.MaxValue)]
    [InlineData("::1", 500)]
    public void What_may_be_a_peer_s_next_one_passes_a_flood_and_nothing_else_of_its_incarnation(string address, ulong sequence)
    {
        using var socket = Open(address, out var own);
        var known = new KnownSender(Incarnation, own, sequence);
        var strict = Calm with { Strict = true, Senders = [known with { Incarnation = new(new UInt128(7, 7)) }, known], Peers = [own] };
        Assert.Equal(0, socket.Take(strict));
        foreach (var each in new[] { sequence, sequence + 1, known.Lowest, known.Highest, (ulong)uint.MaxValue + 1 })
        {
            var fits = each >= known.Lowest && each <= known.Highest;
            Assert.Equal(fits ? 1 : Admission.SampleOfOthers, strict.WeightOf(Datagram(Incarnation, each), own));
            AssertTaken(socket, Datagram(Incarnation, each), fits ? 1 : Admission.SampleOfOthers);
        }

        foreach (var each in new[] { known.Lowest - 1, known.Highest + 1, 0UL, ulong.MaxValue })
        {
            AssertTaken(socket, Datagram(Incarnation, each), Admission.SampleOfOthers);
        }

        // Of the same incarnation from elsewhere; of an unknown one from a peer's address; of another group and kind.
        Assert.Equal(0, socket.Take(strict with { Senders = [known with { Source = default(WireSource) with { Length = own.Length } }] }));
        AssertTaken(socket, Datagram(Incarnation, sequence), Admission.SampleOfOthers);
        AssertTaken(socket, Datagram(new(Unknown.Bits), sequence), Admission.SampleOfPeers);
        AssertTaken(socket, Datagram(new(Unknown.Bits), sequence, group: Group + 1), Admission.SampleOfOthers);
        AssertTaken(socket, Datagram(new(Unknown.Bits), sequence, DatagramKind.Session), Admission.SampleOfOthers);
        Assert.Equal(0, socket.Take(strict with { Peers = [] }));
        AssertTaken(socket, Datagram(new(Unknown.Bits), sequence), Admission.SampleOfOthers);
    }

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("::1")]
    public void Where_nothing_is_amiss_all_passes_that_may_be_ours_and_of_the_rest_a_sample(string address)
    {
        using var socket = Open(address, out var own);
        AssertTaken(socket, Datagram(new(Unknown.Bits), 1), 1);
        AssertTaken(socket, Datagram(new(Unknown.Bits), 1, group: Group + 1), 1);
        byte[] junk = [.. new byte[Admission.LengthMin]];
        Assert.Equal(Admission.SampleOfOthers, Calm.WeightOf(junk, own));
        AssertTaken(socket, junk, Admission.SampleOfOthers);
        for (var i = 0; i < Admission.SampleOfOthers; i++)
        {
            socket.Send(socket.Local, Datagram(new(Unknown.Bits), 1).AsSpan(0, Admission.LengthMin - 1));
        }

        Assert.False(socket.TryReceive(new byte[99], out _, out _));
    }

    private static Admission Calm { get; } = new(DatagramKind.Heartbeat, Group, Strict: false, [], []);

    private static DatagramSocket Open(string address, out WireSource own)
    {
        var local = new DatagramEndpoint(new IPEndPoint(IPAddress.Parse(address), 0));
        own = local.Source;
        Assert.Equal(address, $"{own}");
        return new DatagramSocket(local, new DatagramOptions(ReceiveBufferBytes: 1 << 20, Admits: Calm));
    }

    /// <summary>
    /// One in so many: of twenty times as many between one and sixty arrive (outside that is once in a hundred million times).
    /// </summary>
    private static void AssertTaken(DatagramSocket socket, byte[] datagram, int oneIn)
    {
        var taken = 0;
        for (var i = 0; i < 20 * oneIn; i++)
        {
            socket.Send(socket.Local, datagram);
            taken += socket.TryReceive(new byte[99], out _, out _) ? 1 : 0;
        }

        Assert.InRange(taken, oneIn == 1 ? 20 : 1, oneIn == 1 ? 20 : 60);
    }

    private static byte[] Datagram(Incarnation incarnation, ulong sequence, DatagramKind kind = DatagramKind.Heartbeat, int group = Group)
    {
        var datagram = new byte[Admission.LengthMin];
        var writer = new ByteWriter(datagram);
        new DatagramHeader(WireVersion.Major, 0, kind, DatagramHeader.Size, (ushort)group, new(5), incarnation, sequence).Write(ref writer);
        return datagram;
    }
}
