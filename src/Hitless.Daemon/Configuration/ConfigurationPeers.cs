using System.Text.Json;
using System.Text.Json.Serialization;
using Hitless.Core.Api;
using Hitless.Core.Configuration;
using Hitless.Daemon.Common;
using Hitless.Daemon.Peers;

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
    public async Task<UnitConfiguration> ReadAsync(string unit, CancellationToken cancel)
    {
        var answer = await CallAsync(unit, ConfigurationCalls.Read, new PeerQuestion(self), ReadTimeout, cancel);
        return IsWhole(answer) ? answer : throw new IOException($"what {unit} says of its configuration makes no sense");
    }

    /// <summary>Nothing is null where something must be: what came from another unit may be anything.</summary>
    internal static bool IsWhole(UnitConfiguration answer) =>
        answer is { Unit: not null, Trunk: not null, Branches: not null, Items: not null }
        && answer.Trunk.All(IsWhole)
        && (answer.Head is null || IsWhole(answer.Head))
        && (answer.Pending is null || IsWhole(answer.Pending))
        && answer.Branches.All(branch => branch is { Name: not null, Why: not null } && IsWhole(branch.Head))
        && answer.Items.All(item => item is { Path: not null, State.Word: not null });

    private static bool IsWhole(RevisionInfo? info) =>
        info is { Hash: not null, Author: not null, Message: not null, Number: >= 1, Epoch: >= 0 };

    /// <inheritdoc/>
    public async Task<Revision?> FetchAsync(string unit, string hash, CancellationToken cancel) =>
        (await CallAsync(unit, ConfigurationCalls.Fetch, new RevisionQuestion(hash, self), CallTimeout, cancel)).Revision;

    /// <inheritdoc/>
    public async Task<Revision?> FindAsync(string unit, string reference, CancellationToken cancel) =>
        (await CallAsync(unit, ConfigurationCalls.Find, new RevisionQuestion(reference, self), CallTimeout, cancel)).Revision;

    /// <inheritdoc/>
    public Task<UnitAnswer> FollowAsync(string unit, CancellationToken cancel) =>
        CallAsync(unit, ConfigurationCalls.Follow, new PeerQuestion(self), CallTimeout, cancel);

    /// <inheritdoc/>
    public Task<UnitBackup> DescribeUnitAsync(string unit, CancellationToken cancel) =>
        CallAsync(unit, ConfigurationCalls.Describe, new PeerQuestion(self), ReadTimeout, cancel);

    /// <summary>It puts back files that drifted: <see cref="LocalConfiguration.RepairAsync"/> there.</summary>
    public Task<UnitAnswer> RepairAsync(string unit, CancellationToken cancel) =>
        CallAsync(unit, ConfigurationCalls.Repair, new PeerQuestion(self), CallTimeout, cancel);

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
    public static PeerCall<PeerQuestion, UnitConfiguration> Read { get; } =
        new("config.read", PeerJson.Default.PeerQuestion, ConfigurationJson.Default.UnitConfiguration);

    /// <summary>One revision by its hash.</summary>
    public static PeerCall<RevisionQuestion, FetchedRevision> Fetch { get; } =
        new("config.fetch", ConfigurationJson.Default.RevisionQuestion, ConfigurationJson.Default.FetchedRevision);

    /// <summary>An operator's commit on a standby, passed to the primary.</summary>
    public static PeerCall<CommitRequest, CommitResult> Commit { get; } =
        new("config.commit", ConfigurationJson.Default.CommitRequest, ConfigurationJson.Default.CommitResult);

    /// <summary>An operator's confirmation on a standby, passed to the primary.</summary>
    public static PeerCall<ConfirmRequest, CommitResult> Confirm { get; } =
        new("config.confirm", ConfigurationJson.Default.ConfirmRequest, ConfigurationJson.Default.CommitResult);

    /// <summary>An operator's rollback on a standby, passed to the primary.</summary>
    public static PeerCall<RollbackRequest, CommitResult> RollBack { get; } =
        new("config.rollback", ConfigurationJson.Default.RollbackRequest, ConfigurationJson.Default.CommitResult);

    /// <summary>One revision by any reference.</summary>
    public static PeerCall<RevisionQuestion, FetchedRevision> Find { get; } =
        new("config.find", ConfigurationJson.Default.RevisionQuestion, ConfigurationJson.Default.FetchedRevision);

    /// <summary>Follow the unit that asks.</summary>
    public static PeerCall<PeerQuestion, UnitAnswer> Follow { get; } =
        new("config.follow", PeerJson.Default.PeerQuestion, ConfigurationJson.Default.UnitAnswer);

    /// <summary>What is the asked unit's own in a backup.</summary>
    public static PeerCall<PeerQuestion, UnitBackup> Describe { get; } =
        new("config.describe", PeerJson.Default.PeerQuestion, ConfigurationJson.Default.UnitBackup);

    /// <summary>Put back files that drifted.</summary>
    public static PeerCall<PeerQuestion, UnitAnswer> Repair { get; } =
        new("config.repair", PeerJson.Default.PeerQuestion, ConfigurationJson.Default.UnitAnswer);
}

/// <summary>A phase of a commit, with the whole revision.</summary>
public sealed record CommitQuestion(CommitPhase Phase, Revision Revision);

/// <summary>Which revision is wanted: its hash, or any reference. (<c>step</c> on the wire, as older versions write and read it.)</summary>
public sealed record RevisionQuestion([property: JsonPropertyName("step")] string Reference, string From);

/// <summary>Who confirms a commit. (<c>from</c> on the wire, as older versions write and read it.)</summary>
public sealed record ConfirmRequest([property: JsonPropertyName("from")] string Author);

/// <summary>A revision, or null if there is none such.</summary>
public sealed record FetchedRevision(Revision? Revision);

/// <summary>The JSON of <see cref="ConfigurationCalls"/>.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, UseStringEnumConverter = true, GenerationMode = JsonSourceGenerationMode.Metadata)]
[JsonSerializable(typeof(CommitQuestion))]
[JsonSerializable(typeof(UnitAnswer))]
[JsonSerializable(typeof(UnitConfiguration))]
[JsonSerializable(typeof(FetchedRevision))]
[JsonSerializable(typeof(RevisionQuestion))]
[JsonSerializable(typeof(ConfirmRequest))]
[JsonSerializable(typeof(CommitRequest))]
[JsonSerializable(typeof(CommitResult))]
[JsonSerializable(typeof(RollbackRequest))]
[JsonSerializable(typeof(UnitBackup))]
public sealed partial class ConfigurationJson : JsonSerializerContext;
