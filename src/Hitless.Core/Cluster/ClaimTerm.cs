namespace Hitless.Core.Cluster;

/// <summary>How long the kernel's claim stands without a further renewal (docs/decisions/0020).</summary>
public enum ClaimTerm
{
    /// <summary><see cref="ClusterOptions.ClaimLease"/>: somebody is there who would take over.</summary>
    Lease,

    /// <summary><see cref="ClusterOptions.RestartHold"/>: the daemon was just restarted, and its peers wait as long.</summary>
    Restart,

    /// <summary>Without an end: nobody would take over.</summary>
    Lasting,

    /// <summary>As <see cref="Lease"/>, on a machine that was seen to stand still for half a lease.</summary>
    LongLease,

    /// <summary>As <see cref="Lease"/>, on a machine that was seen to stand still for longer than a lease.</summary>
    LongestLease,
}
