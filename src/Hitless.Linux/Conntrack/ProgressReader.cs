using Hitless.Core.Sessions;
using Hitless.Linux.Netlink;
using static Hitless.Linux.Conntrack.ConntrackProtocol;

namespace Hitless.Linux.Conntrack;

/// <summary>Reads what protocols and helpers keep in an entry beside its tuples.</summary>
internal static class ProgressReader
{
    private static readonly KernelName H245 = KernelName.From("H.245");
    private static readonly KernelName Q931 = KernelName.From("Q.931");
    private static readonly KernelName Pptp = KernelName.From("pptp");

    /// <summary>The state of TCP, default if there is none.</summary>
    public static TcpProgress ReadTcp(scoped in NetlinkAttribute information)
    {
        byte state = 0,
            flagsOriginal = 0,
            flagsReply = 0,
            scaleOriginal = 0,
            scaleReply = 0;
        var fields = information.Find(InfoTcp).Nested;
        while (fields.TryRead(out var field))
        {
            // The flags are a pair of bytes (flags, mask); the first counts.
            switch (field.Type)
            {
                case ConntrackProtocol.TcpState:
                    field.TryReadU8(out state);
                    break;
                case TcpFlagsOriginal:
                    field.TryReadU8(out flagsOriginal);
                    break;
                case TcpFlagsReply:
                    field.TryReadU8(out flagsReply);
                    break;
                case TcpScaleOriginal:
                    field.TryReadU8(out scaleOriginal);
                    break;
                case TcpScaleReply:
                    field.TryReadU8(out scaleReply);
                    break;
            }
        }

        return new TcpProgress(
            (Core.Sessions.TcpState)state,
            flagsOriginal,
            flagsReply,
            (byte)(scaleOriginal & 15),
            (byte)(scaleReply & 15)
        );
    }

    /// <summary>The state of SCTP, default if there is none.</summary>
    public static SctpProgress ReadSctp(scoped in NetlinkAttribute information)
    {
        var fields = information.Find(InfoSctp);
        fields.Find(SctpState).TryReadU8(out var state);
        fields.Find(SctpTagOriginal).TryReadU32BigEndian(out var original);
        fields.Find(SctpTagReply).TryReadU32BigEndian(out var reply);
        return new SctpProgress(state, original, reply);
    }

    /// <summary>The helper's name.</summary>
    public static KernelName ReadHelper(scoped in NetlinkAttribute helper) => KernelName.From(helper.Find(HelperName).Value);

    /// <summary>
    /// The helper that a copy of the session can have. H.245 is registered for UDP although its sessions are TCP
    /// (<c>nf_conntrack_h323_main.c</c>), so that no request can name it: Q.931 keeps what was expected and reads nothing. And pptp drops
    /// what comes through a translated session that it has not seen begin (<c>nf_nat_pptp.c</c>: no <c>struct nf_conn_nat</c>).
    /// </summary>
    public static KernelName HelperOfCopy(in KernelName helper, bool hasNat) =>
        helper == H245 ? Q931
        : helper == Pptp && hasNat ? default
        : helper;

    /// <summary>The shift of one direction's sequence numbers.</summary>
    public static SequenceAdjustment ReadAdjustment(scoped in NetlinkAttribute adjustment)
    {
        adjustment.Find(AdjustPosition).TryReadU32BigEndian(out var position);
        adjustment.Find(AdjustBefore).TryReadU32BigEndian(out var before);
        adjustment.Find(AdjustAfter).TryReadU32BigEndian(out var after);
        return new SequenceAdjustment(position, (int)before, (int)after);
    }

    /// <summary>The labels: bit 0 is the lowest bit of the first byte (the kernel's bitmap on a little-endian machine).</summary>
    public static UInt128 ReadLabels(scoped in NetlinkAttribute labels)
    {
        UInt128 bits = 0;
        for (var i = Math.Min(labels.Value.Length, 16) - 1; i >= 0; i--)
            bits = (bits << 8) | labels.Value[i];
        return bits;
    }
}
