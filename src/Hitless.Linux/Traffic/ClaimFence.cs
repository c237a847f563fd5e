namespace Hitless.Linux.Traffic;

/// <summary>
/// How a claim ends by itself (docs/decisions/0020). A claim that is not renewed within <c>Lease</c> is over: the kernel mutes the unit.
/// When the daemon alone has died, the kernel tells whoever sends it a heartbeat so, by an ICMP "port unreachable"; the first of these
/// gives the claim <c>RestartHold</c> more. <c>HeartbeatPort</c> and <c>HeartbeatInterfaces</c> are where those leave. A claim that was not
/// renewed for <c>Fresh</c> is over as soon as somebody else speaks with the virtual MAC: its successor has announced itself.
/// </summary>
public sealed record ClaimFence(
    TimeSpan Lease,
    TimeSpan Fresh,
    TimeSpan RestartHold,
    int HeartbeatPort,
    IReadOnlyList<string> HeartbeatInterfaces
)
{
    /// <summary>The lease of a machine that was seen to stand still.</summary>
    public TimeSpan LongLease { get; init; } = Lease;

    /// <summary>The lease of a machine that was seen to stand still for long.</summary>
    public TimeSpan LongestLease { get; init; } = Lease;
}
