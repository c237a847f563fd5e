using System.Text.Json;
using System.Text.Json.Serialization;
using Hitless.Core.Api;

namespace Hitless.Daemon.Configuration;

/// <summary>What <c>head.json</c> says: the hash of the head, and the branches.</summary>
internal sealed record StoredHead(string? Head, IReadOnlyList<RevisionBranch> Branches);

/// <summary>The JSON of the files that are kept: <see cref="RevisionStore"/> and <see cref="BackupFile"/>.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, GenerationMode = JsonSourceGenerationMode.Metadata)]
[JsonSerializable(typeof(Revision))]
[JsonSerializable(typeof(StoredHead))]
[JsonSerializable(typeof(PendingRevision))]
[JsonSerializable(typeof(BackupInfo))]
internal sealed partial class StoreJson : JsonSerializerContext;
