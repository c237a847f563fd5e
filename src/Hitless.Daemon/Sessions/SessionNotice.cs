using Hitless.Core.Wire;

namespace Hitless.Daemon.Sessions;

/// <summary>What the session loop tells the control loop. A value: telling costs no allocation.</summary>
/// <param name="Kind">Which.</param>
/// <param name="Request">The request that it answers, if it answers one.</param>
/// <param name="Unit">The unit that it is about, else 0.</param>
/// <param name="Sequence">The position of a barrier, else 0.</param>
/// <param name="Ok">
/// False when awaited sessions could not be had in time, or when <see cref="SessionNoticeKind.WindowsFree"/> will follow.
/// </param>
public readonly record struct SessionNotice(
    SessionNoticeKind Kind,
    RequestId Request = default,
    UnitId Unit = default,
    ulong Sequence = 0,
    bool Ok = true
);

/// <summary>Kinds of <see cref="SessionNotice"/>.</summary>
public enum SessionNoticeKind
{
    /// <summary>All sessions of <c>Unit</c> are in this kernel, and only those.</summary>
    Synced,

    /// <summary>No entry has a window any more that stood still while the session went on elsewhere.</summary>
    WindowsFree,

    /// <summary>The table is no longer whole and is being fetched again.</summary>
    SyncLost,

    /// <summary>All that the kernel had reported is sent, up to <c>Sequence</c>.</summary>
    BarrierReached,

    /// <summary>Awaited sessions are in the kernel (<c>Ok</c>), or could not be had in time.</summary>
    Applied,

    /// <summary>All that had arrived is in the kernel.</summary>
    Drained,
}
