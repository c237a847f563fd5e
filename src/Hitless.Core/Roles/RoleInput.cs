using Hitless.Core.Cluster;
using Hitless.Core.Wire;

namespace Hitless.Core.Roles;

/// <summary>What a <see cref="RoleFollower"/> is told.</summary>
public abstract record RoleInput
{
    private RoleInput() { }

    /// <summary>The unit's role now. <c>Fault</c>: it has failed interfaces or probes.</summary>
    public sealed record Seen(UnitRole Role, bool Fault, long Epoch, string Reason) : RoleInput;

    /// <summary>A task has ended; <c>Why</c> is null when it did what it should.</summary>
    public sealed record Ended(RequestId Request, string? Why) : RoleInput;

    /// <summary>The daemon is to stop for good: what its hand-over makes of its role is of no interest any more.</summary>
    public sealed record Stopping : RoleInput;

    /// <summary>The daemon stops for good, and has handed over.</summary>
    public sealed record Stop : RoleInput;

    /// <summary>Nothing, but time has passed.</summary>
    public sealed record Tick : RoleInput;
}
