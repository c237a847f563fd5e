using System.Text.Json;
using System.Text.Json.Serialization;

namespace Hitless.Core.Api;

/// <summary>
/// The JSON of the local API: camelCase, nulls written, unknown fields skipped (an older program reads a newer unit's answers).
/// Source-generated, so neither the daemon nor the CLI pays for reflection at start.
/// </summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, GenerationMode = JsonSourceGenerationMode.Metadata)]
[JsonSerializable(typeof(ClusterStatus))]
[JsonSerializable(typeof(SwitchoverRequest))]
[JsonSerializable(typeof(SwitchoverResult))]
[JsonSerializable(typeof(AgeResetResult))]
[JsonSerializable(typeof(LeaveRequest))]
[JsonSerializable(typeof(LeaveResult))]
[JsonSerializable(typeof(KeyRotationRequest))]
[JsonSerializable(typeof(RemovalRequest))]
[JsonSerializable(typeof(RemovalResult))]
[JsonSerializable(typeof(KeyRotationResult))]
[JsonSerializable(typeof(InviteRequest))]
[JsonSerializable(typeof(InviteResult))]
[JsonSerializable(typeof(JoinOffer))]
[JsonSerializable(typeof(JoinRequest))]
[JsonSerializable(typeof(JoinResult))]
[JsonSerializable(typeof(ConversionQuestion))]
[JsonSerializable(typeof(ClusterEvent))]
[JsonSerializable(typeof(IReadOnlyList<ClusterEvent>))]
[JsonSerializable(typeof(Refusal))]
[JsonSerializable(typeof(SessionCount))]
[JsonSerializable(typeof(SessionList))]
[JsonSerializable(typeof(SessionDifference))]
[JsonSerializable(typeof(SessionReplicationStatus))]
[JsonSerializable(typeof(ResyncResult))]
[JsonSerializable(typeof(Revision))]
[JsonSerializable(typeof(ConfigurationHistory))]
[JsonSerializable(typeof(ConfigurationDifference))]
[JsonSerializable(typeof(ConfigurationSettings))]
[JsonSerializable(typeof(CommitRequest))]
[JsonSerializable(typeof(CommitResult))]
[JsonSerializable(typeof(RollbackRequest))]
[JsonSerializable(typeof(SyncReport))]
[JsonSerializable(typeof(ImageInfo))]
[JsonSerializable(typeof(IReadOnlyList<ImageInfo>))]
[JsonSerializable(typeof(UpgradeRequest))]
[JsonSerializable(typeof(UpgradeCheck))]
[JsonSerializable(typeof(UpgradePlan))]
[JsonSerializable(typeof(RunStatus))]
[JsonSerializable(typeof(RunReport))]
public sealed partial class ApiJson : JsonSerializerContext;
