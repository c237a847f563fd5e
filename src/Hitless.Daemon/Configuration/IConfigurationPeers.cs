using Hitless.Core.Api;
using Hitless.Core.Configuration;

namespace Hitless.Daemon.Configuration;

/// <summary>
/// The other units, as the configuration needs them: over HTTPS between units in the daemon, in one process in tests. Whoever is
/// asked answers with <see cref="LocalConfiguration"/>. A call may throw <see cref="IOException"/>, HttpRequestException or
/// <see cref="OperationCanceledException"/>: the unit then counts as not reachable.
/// </summary>
public interface IConfigurationPeers
{
    /// <summary>The other units that are in the cluster now; a commit needs all of them.</summary>
    IReadOnlyList<string> Names { get; }

    /// <summary>Units that belong to the cluster and are not there; the report names them, a commit does without them.</summary>
    IReadOnlyList<string> Absent { get; }

    /// <summary>One phase of a commit: <see cref="LocalConfiguration.AnswerAsync"/> there.</summary>
    Task<UnitAnswer> AskAsync(string unit, CommitPhase phase, Revision revision, CancellationToken cancel);

    /// <summary>Its facts: <see cref="ConfigurationService.ReadLocalAsync"/> there.</summary>
    Task<UnitConfiguration> ReadAsync(string unit, CancellationToken cancel);

    /// <summary>One of its revisions by its hash: <see cref="LocalConfiguration.FetchAsync"/> there; null if it has none such.</summary>
    Task<Revision?> FetchAsync(string unit, string hash, CancellationToken cancel);

    /// <summary>One of its revisions by any reference: <see cref="LocalConfiguration.FindAsync"/> there.</summary>
    Task<Revision?> FindAsync(string unit, string reference, CancellationToken cancel);

    /// <summary>It takes this unit's head: <see cref="ConfigurationService.SyncFromAsync"/> there.</summary>
    Task<UnitAnswer> FollowAsync(string unit, CancellationToken cancel);

    /// <summary>What is its own in a backup: <see cref="ConfigurationService.DescribeUnitAsync"/> there.</summary>
    Task<UnitBackup> DescribeUnitAsync(string unit, CancellationToken cancel);
}
