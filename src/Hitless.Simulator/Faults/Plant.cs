namespace Hitless.Simulator.Faults;

/// <summary>
/// A wrong rule, planted between the machine and its world to prove that the checkers would find it. Core stays as it is:
/// a plant changes what the machine hears, or what becomes of its effects. Listed by <c>./dev sim --help</c>.
/// </summary>
internal enum Plant
{
    /// <summary>Nothing is wrong.</summary>
    None,

    /// <summary>The session loop says "applied" and "drained" without having applied: breaks rule 2.</summary>
    ClaimWithoutSessions,

    /// <summary>A primary does not hear another primary with a higher epoch: breaks rule 1.</summary>
    DeafToHigherEpoch,

    /// <summary>The former primary is muted when it offers its role, not when the new one has announced itself: breaks rule 3.</summary>
    BreakBeforeMake,

    /// <summary>A claim is never announced, so switches go on sending to the former primary: breaks rule 3.</summary>
    SilentClaim,

    /// <summary>A heartbeat's epoch loses its claimant on the wire, so that two claims can be equal: breaks rule 1.</summary>
    EpochWithoutClaimant,

    /// <summary>
    /// A unit writes and switches slots whatever it carries, and so does the driver's plan: the primary comes first. Breaks rules 4 and 5.
    /// </summary>
    InstallAnywhere,

    /// <summary>A machine forgets at once how long others were silent: breaks the rule that a cluster gets used to a load.</summary>
    ForgetsSilences,

    /// <summary>A bucket moves without its sessions, which nobody was told of either: breaks rule 2 for each bucket.</summary>
    BucketBeforeSessions,

    /// <summary>A primary does not take the buckets of a unit that is not heard any more: breaks that every bucket has an owner.</summary>
    BucketsOfTheDead,

    /// <summary>What a kernel hands on outlives the daemon that set it: breaks that only a primary hands flows on.</summary>
    TableOutlivesDaemon,

    /// <summary>A step acts while its journal entry is still on the way to the disk: breaks rule 7.</summary>
    JournalAfterEffect,
}
