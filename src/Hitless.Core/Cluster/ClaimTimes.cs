namespace Hitless.Core.Cluster;

/// <summary>
/// How long the claim of a primary stands without a renewal, for each lease of <see cref="ClaimTerm"/> and after the daemon ended, and how
/// long it is fresh.
/// </summary>
public sealed record ClaimTimes(TimeSpan Lease, TimeSpan LongLease, TimeSpan LongestLease, TimeSpan Restart, TimeSpan Fresh);
