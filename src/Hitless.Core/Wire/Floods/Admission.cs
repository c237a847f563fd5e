using System.Buffers.Binary;

namespace Hitless.Core.Wire.Floods;

/// <summary>
/// Which datagrams a socket takes at all, decided by what can be seen without a key; of the others it takes one in so many, so that their
/// source and their rate are known. It is a filter in the kernel (Hitless.Linux makes it of this), so that a flood neither fills the
/// socket's buffer nor wakes anybody. What it takes is still to be proved by its tag.
/// <code>
///                       calm                  strict: while a flood lasts
/// not ours              1 in 256              1 in 256
/// other kind or group   all                   1 in 256
/// of a known sender     all                   all that fit: incarnation, source, sequence; of others 1 in 256
/// of an unknown one     all                   1 in 256; from a peer's address 1 in 8: a unit that has just restarted
/// </code>
/// Too short for a header and a tag: none.
/// </summary>
/// <param name="Kind">Of the socket.</param>
/// <param name="Group">The cluster's.</param>
/// <param name="Strict">A flood lasts.</param>
/// <param name="Senders">The authentic ones, at most <see cref="SendersMax"/>.</param>
/// <param name="Peers">Addresses of the link's peers; at most <see cref="SendersMax"/>.</param>
public sealed record Admission(
    DatagramKind Kind,
    int Group,
    bool Strict,
    IReadOnlyList<KnownSender> Senders,
    IReadOnlyList<WireSource> Peers
)
{
    /// <summary>A cluster has four units; each may have restarted lately.</summary>
    public const int SendersMax = 8;

    /// <summary>Of what cannot be ours one in so many is taken. A power of two.</summary>
    public const int SampleOfOthers = 256;

    /// <summary>Of what comes from a peer's address, and of no sender that is known, one in so many. A power of two.</summary>
    public const int SampleOfPeers = 8;

    /// <summary>The shortest datagram that is looked at.</summary>
    public const int LengthMin = DatagramHeader.Size + DatagramHeader.TagSize;

    /// <summary>Where the kind stands in a datagram.</summary>
    public const int KindOffset = 4;

    /// <summary>Where the group stands (2 bytes).</summary>
    public const int GroupOffset = 6;

    /// <summary>Where the incarnation begins (16 bytes).</summary>
    public const int IncarnationOffset = 16;

    /// <summary>Where the sequence stands (8 bytes).</summary>
    public const int SequenceOffset = 32;

    /// <summary>For how many datagrams like this one that is taken stands: 1, or the size of its sample; 0: none is taken.</summary>
    public int WeightOf(ReadOnlySpan<byte> datagram, in WireSource source)
    {
        if (datagram.Length < LengthMin)
        {
            return 0;
        }

        if (BinaryPrimitives.ReadUInt16BigEndian(datagram) != DatagramHeader.Magic)
        {
            return SampleOfOthers;
        }

        if (!Strict)
        {
            return 1;
        }

        if (datagram[KindOffset] != (byte)Kind || BinaryPrimitives.ReadUInt16BigEndian(datagram[GroupOffset..]) != Group)
        {
            return SampleOfOthers;
        }

        var incarnation = new Incarnation(BinaryPrimitives.ReadUInt128BigEndian(datagram[IncarnationOffset..]));
        var sequence = BinaryPrimitives.ReadUInt64BigEndian(datagram[SequenceOffset..]);
        var known = false;
        for (var i = 0; i < Senders.Count; i++)
        {
            var sender = Senders[i];
            if (sender.Fits(incarnation, source, sequence))
            {
                return 1;
            }

            // A recording of a sender that is known is not of one that has restarted.
            known |= sender.IsOf(incarnation);
        }

        return !known && IsPeer(source) ? SampleOfPeers : SampleOfOthers;
    }

    private bool IsPeer(in WireSource source)
    {
        for (var i = 0; i < Peers.Count; i++)
        {
            if (Peers[i] == source)
            {
                return true;
            }
        }

        return false;
    }
}
