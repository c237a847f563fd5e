namespace Hitless.Core.Cluster.Membership;

/// <summary>
/// After how long a silence another unit counts as gone, now: on which nobody answers (<c>Silence</c>), although its kernel answers
/// (<c>Stall</c>), and how long its kernel may answer nothing once its heartbeat is late (<c>Echo</c>; null: it is not known to answer, so
/// that the first one decides). <c>Reason</c> says in words what raised them.
/// </summary>
public readonly record struct LivenessLimits(TimeSpan Silence, TimeSpan Stall, TimeSpan? Echo, string Reason);
