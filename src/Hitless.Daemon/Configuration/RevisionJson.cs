using System.Text.Json;
using System.Text.Json.Serialization;
using Hitless.Core.Api;

namespace Hitless.Daemon.Configuration;

/// <summary>The JSON of revisions on disk and in backups.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, GenerationMode = JsonSourceGenerationMode.Metadata)]
[JsonSerializable(typeof(Revision))]
[JsonSerializable(typeof(PendingRevision))]
[JsonSerializable(typeof(RevisionStore.StoredHead))]
[JsonSerializable(typeof(IReadOnlyList<RevisionInfo>))]
[JsonSerializable(typeof(BackupInfo))]
[JsonSerializable(typeof(ConversionQuestion))]
internal sealed partial class RevisionJson : JsonSerializerContext;
