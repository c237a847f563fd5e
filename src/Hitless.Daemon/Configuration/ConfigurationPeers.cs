using System.Text.Json;
using System.Text.Json.Serialization;
using Hitless.Core.Api;
using Hitless.Core.Configuration;
using Hitless.Daemon.Peers;
using Hitless.Daemon.Upgrade;

namespace Hitless.Daemon.Configuration;

/// <summary>The other units over the units' own API.</summary>
public sealed class ConfigurationPeers(string self, IReadOnlyList<string> names, IReadOnlyList<string> absent, PeerClient peers)
    : IConfigurationPeers
{
    /// <summary>Checks and applies may take this long.</summary>
    public static readonly TimeSpan CallTimeout = TimeSpan.FromSeconds(60);

    private static readonly TimeSpan ReadTimeout = TimeSpan.FromSeconds(2);

    /// <inheritdoc/>
    public IReadOnlyList<string> Names => names;

    /// <inheritdoc/>
    public IReadOnlyList<string> Absent => absent;

    /// <inheritdoc/>
    public Task<UnitAnswer> AskAsync(string unit, CommitPhase phase, Revision revision, CancellationToken cancel) =>
        CallAsync(unit, ConfigurationCalls.Ask, new CommitQuestion(phase, revision), CallTimeout, cancel);

    /// <inheritdoc/>
    public Task<UnitConfiguration> ReadAsync(string unit, CancellationToken cancel) =>
        CallAsync(unit, ConfigurationCalls.Read, new StepRequest("", "", "", "", self), ReadTimeout, cancel);

    /// <inheritdoc/>
    public async Task<Revision?> FetchAsync(string unit, string hash, CancellationToken cancel) =>
        (await CallAsync(unit, ConfigurationCalls.Fetch, new StepRequest(hash, "", "", "", self), CallTimeout, cancel)).Revision;

    /// <inheritdoc/>
    public async Task<Revision?> FindAsync(string unit, string reference, CancellationToken cancel) =>
        (await CallAsync(unit, ConfigurationCalls.Find, new StepRequest(reference, "", "", "", self), CallTimeout, cancel)).Revision;

    /// <inheritdoc/>
    public Task<UnitAnswer> FollowAsync(string unit, CancellationToken cancel) =>
        CallAsync(unit, ConfigurationCalls.Follow, new StepRequest("", "", "", "", self), CallTimeout, cancel);

    /// <inheritdoc/>
    public Task<UnitBackup> DescribeUnitAsync(string unit, CancellationToken cancel) =>
        CallAsync(unit, ConfigurationCalls.Describe, new StepRequest("", "", "", "", self), ReadTimeout, cancel);

    /// <summary>It puts back files that drifted: <see cref="LocalConfiguration.RepairAsync"/> there.</summary>
    public Task<UnitAnswer> RepairAsync(string unit, CancellationToken cancel) =>
        CallAsync(unit, ConfigurationCalls.Repair, new StepRequest("", "", "", "", self), CallTimeout, cancel);

    private async Task<TAnswer> CallAsync<TRequest, TAnswer>(
        string unit,
        PeerCall<TRequest, TAnswer> call,
        TRequest request,
        TimeSpan timeout,
        CancellationToken cancel
    )
    {
        try
        {
            return await peers.CallAsync(unit, call, request, timeout, cancel);
        }
        catch (PeerException e)
        {
            throw new IOException(e.Message, e);
        }
    }
}

/// <summary>What units ask of each other about configuration.</summary>
public static class ConfigurationCalls
{
    /// <summary>One phase of a commit.</summary>
    public static PeerCall<CommitQuestion, UnitAnswer> Ask { get; } =
        new("config.ask", ConfigurationJson.Default.CommitQuestion, ConfigurationJson.Default.UnitAnswer);

    /// <summary>The asked unit's facts.</summary>
    public static PeerCall<StepRequest, UnitConfiguration> Read { get; } =
        new("config.read", UpgradeJson.Default.StepRequest, ConfigurationJson.Default.UnitConfiguration);

    /// <summary>One revision by its hash (in <c>Step</c>).</summary>
    public static PeerCall<StepRequest, FetchedRevision> Fetch { get; } =
        new("config.fetch", UpgradeJson.Default.StepRequest, ConfigurationJson.Default.FetchedRevision);

    /// <summary>An operator's commit on a standby, passed to the primary.</summary>
    public static PeerCall<CommitRequest, CommitResult> Commit { get; } =
        new("config.commit", ConfigurationJson.Default.CommitRequest, ConfigurationJson.Default.CommitResult);

    /// <summary>An operator's confirmation on a standby, passed to the primary.</summary>
    public static PeerCall<StepRequest, CommitResult> Confirm { get; } =
        new("config.confirm", UpgradeJson.Default.StepRequest, ConfigurationJson.Default.CommitResult);

    /// <summary>An operator's rollback on a standby, passed to the primary.</summary>
    public static PeerCall<RollbackRequest, CommitResult> RollBack { get; } =
        new("config.rollback", ConfigurationJson.Default.RollbackRequest, ConfigurationJson.Default.CommitResult);

    /// <summary>One revision by any reference (in <c>Step</c>).</summary>
    public static PeerCall<StepRequest, FetchedRevision> Find { get; } =
        new("config.find", UpgradeJson.Default.StepRequest, ConfigurationJson.Default.FetchedRevision);

    /// <summary>Follow the unit that asks.</summary>
    public static PeerCall<StepRequest, UnitAnswer> Follow { get; } =
        new("config.follow", UpgradeJson.Default.StepRequest, ConfigurationJson.Default.UnitAnswer);

    /// <summary>What is the asked unit's own in a backup.</summary>
    public static PeerCall<StepRequest, UnitBackup> Describe { get; } =
        new("config.describe", UpgradeJson.Default.StepRequest, ConfigurationJson.Default.UnitBackup);

    /// <summary>Put back files that drifted.</summary>
    public static PeerCall<StepRequest, UnitAnswer> Repair { get; } =
        new("config.repair", UpgradeJson.Default.StepRequest, ConfigurationJson.Default.UnitAnswer);
}

/// <summary>A phase of a commit, with the whole revision.</summary>
public sealed record CommitQuestion(CommitPhase Phase, Revision Revision);

/// <summary>A revision, or null if there is none such.</summary>
public sealed record FetchedRevision(Revision? Revision);

/// <summary>The JSON of <see cref="ConfigurationCalls"/>.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, UseStringEnumConverter = true, GenerationMode = JsonSourceGenerationMode.Metadata)]
[JsonSerializable(typeof(CommitQuestion))]
[JsonSerializable(typeof(UnitAnswer))]
[JsonSerializable(typeof(UnitConfiguration))]
[JsonSerializable(typeof(FetchedRevision))]
[JsonSerializable(typeof(CommitRequest))]
[JsonSerializable(typeof(CommitResult))]
[JsonSerializable(typeof(RollbackRequest))]
[JsonSerializable(typeof(UnitBackup))]
public sealed partial class ConfigurationJson : JsonSerializerContext;
