namespace Hitless.Core.Sessions;

/// <summary>One conntrack entry as a value: what a standby needs to carry the session on.</summary>
/// <param name="Key">Protocol, original tuple, zone.</param>
/// <param name="Reply">The tuple of the answers; where it is not the inverse of the original, addresses are translated.</param>
/// <param name="Status">The kernel's status bits (nf_conntrack_common.h).</param>
/// <param name="TimeoutSeconds">Seconds until the entry ends without traffic.</param>
/// <param name="Mark">The connection mark.</param>
/// <param name="Tcp">State of TCP; default for other protocols.</param>
public readonly record struct SessionRecord(
    SessionKey Key,
    SessionTuple Reply,
    SessionStatus Status,
    uint TimeoutSeconds,
    uint Mark,
    TcpProgress Tcp
)
{
    /// <summary>The kernel told that it has just been made: a hint, so that the follower need not look for it.</summary>
    public bool IsNew { get; init; }

    /// <summary>SCTP's part; default for other protocols.</summary>
    public SctpProgress Sctp { get; init; }

    /// <summary>The labels of the connection, bit 0 the lowest (<c>ct label</c>); 0 for none.</summary>
    public UInt128 Labels { get; init; }

    /// <summary>The helper that reads along (<c>ct helper</c>); it can only be given when an entry is made.</summary>
    public KernelName Helper { get; init; }

    /// <summary>The session whose helper expected this one.</summary>
    public SessionParent Parent { get; init; }

    /// <summary>Shift of sequence numbers in the original direction.</summary>
    public SequenceAdjustment AdjustOriginal { get; init; }

    /// <summary>Shift of sequence numbers in the direction of the answers.</summary>
    public SequenceAdjustment AdjustReply { get; init; }

    /// <summary>Translation, a helper or a parent: what the kernel takes only when it makes an entry.</summary>
    public bool IsBoundAtCreation => HasNat || !Helper.IsEmpty || Parent.Protocol != 0;

    /// <summary>The class of the state of TCP or SCTP.</summary>
    public TcpStateClass Class => Key.Protocol == Protocols.Sctp ? Sctp.Class : Tcp.Class;

    /// <summary>The source is translated: answers do not go to the original source.</summary>
    public bool HasSourceNat =>
        Reply.Destination != Straight.Destination
        || (IsIcmp ? Reply.SourcePort != Straight.SourcePort : Reply.DestinationPort != Straight.DestinationPort);

    /// <summary>The destination is translated: answers do not come from the original destination.</summary>
    public bool HasDestinationNat => Reply.Source != Straight.Source || (!IsIcmp && Reply.SourcePort != Straight.SourcePort);

    /// <summary>Any address or port is translated.</summary>
    public bool HasNat => Reply != Straight;

    /// <summary>
    /// False for an event that changes only a mark or a status bit of a TCP or SCTP session: it does not tell the state, which is enough to
    /// change an entry and too little to make one.
    /// </summary>
    public bool IsComplete =>
        Key.Protocol switch
        {
            Protocols.Tcp => Tcp.State != TcpState.None,
            Protocols.Sctp => Sctp.State != 0,
            _ => true,
        };

    /// <summary>
    /// A kernel that is told this holds exactly this, or refuses it. Not so what is not complete, and a translated GRE session, whose keys
    /// it chooses itself (nf_nat_core.c, <c>nf_nat_l4proto_unique_tuple</c>).
    /// </summary>
    public bool IsTakenAsTold => IsComplete && (Key.Protocol != Protocols.Gre || !HasNat);

    /// <summary>The port (for ICMP the identifier) that source translation gave.</summary>
    public ushort SourceNatPort => IsIcmp ? Reply.SourcePort : Reply.DestinationPort;

    private bool IsIcmp => Key.Protocol is Protocols.Icmp or Protocols.IcmpV6;

    private SessionTuple Straight => Key.Original.Inverted(Key.Protocol);

    /// <summary>
    /// Hash over what must be equal on both units: identity, translation, class of the state, helper. Not timeouts, not marks.
    /// </summary>
    public ulong Digest64()
    {
        var hash = SessionKey.Mix(Key.Hash64() ^ ((ulong)Reply.SourcePort << 24) ^ ((ulong)Reply.DestinationPort << 8) ^ (ulong)Class);
        hash = SessionKey.Fold(SessionKey.Fold(hash, Reply.Source), Reply.Destination);
        return Helper.IsEmpty ? hash : SessionKey.Fold(hash, Helper.High);
    }

    /// <summary>
    /// Hash over all that telling the session again would put right: <see cref="Digest64"/>, exact state, marks, labels, shifts. Not
    /// timeouts.
    /// </summary>
    public ulong ExactDigest64()
    {
        var replied = (ulong)(Status & (SessionStatus.SeenReply | SessionStatus.Assured));
        var hash = SessionKey.Mix(Digest64() ^ ((ulong)Mark << 32) ^ (replied << 16) ^ ((ulong)Tcp.State << 8) ^ Sctp.State);
        hash = Labels == 0 ? hash : SessionKey.Fold(hash, Labels);
        return AdjustOriginal == default && AdjustReply == default
            ? hash
            : SessionKey.Fold(SessionKey.Fold(hash, AdjustOriginal.Number), AdjustReply.Number);
    }
}
