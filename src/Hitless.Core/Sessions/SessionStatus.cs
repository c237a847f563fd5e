namespace Hitless.Core.Sessions;

/// <summary>
/// Status bits of an entry (<c>enum ip_conntrack_status</c>, nf_conntrack_common.h). Only those that replication looks at have names.
/// </summary>
[Flags]
public enum SessionStatus : ushort
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>Was expected by a helper.</summary>
    Expected = 1 << 0,

    /// <summary>Packets have been seen in both directions.</summary>
    SeenReply = 1 << 1,

    /// <summary>Never dropped early.</summary>
    Assured = 1 << 2,

    /// <summary>The first packet has left: the entry is in the table.</summary>
    Confirmed = 1 << 3,

    /// <summary>The source needs translation.</summary>
    SourceNat = 1 << 4,

    /// <summary>The destination needs translation.</summary>
    DestinationNat = 1 << 5,

    /// <summary>TCP sequence numbers are adjusted.</summary>
    SequenceAdjust = 1 << 6,

    /// <summary>Source translation is set up.</summary>
    SourceNatDone = 1 << 7,

    /// <summary>Destination translation is set up.</summary>
    DestinationNatDone = 1 << 8,

    /// <summary>The entry is being removed.</summary>
    Dying = 1 << 9,

    /// <summary>Packets do not move its end.</summary>
    FixedTimeout = 1 << 10,

    /// <summary>A flowtable forwards its packets: the kernel tells no timeout of it (<c>IPS_OFFLOAD</c>).</summary>
    Offload = 1 << 14,
}
