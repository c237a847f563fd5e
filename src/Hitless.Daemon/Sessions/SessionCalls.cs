using System.Text.Json.Serialization;
using Hitless.Core.Sessions;
using Hitless.Daemon.Peers;

namespace Hitless.Daemon.Sessions;

/// <summary>
/// What units ask of each other to compare their tables: digests of buckets first, then the sessions of the unequal ones.
/// </summary>
public static class SessionCalls
{
    /// <summary>The digests of the asked unit's table.</summary>
    public static PeerCall<SessionDigestRequest, SessionDigestAnswer> Digests { get; } =
        new("sessions.digests", SessionJson.Default.SessionDigestRequest, SessionJson.Default.SessionDigestAnswer);

    /// <summary>The sessions of some buckets.</summary>
    public static PeerCall<SessionEntriesRequest, SessionEntriesAnswer> Entries { get; } =
        new("sessions.entries", SessionJson.Default.SessionEntriesRequest, SessionJson.Default.SessionEntriesAnswer);

    /// <summary>A standby asks the primary to look at once whether it still holds what it was told.</summary>
    public static PeerCall<PeerQuestion, SessionAuditAnswer> Audit { get; } =
        new("sessions.audit", PeerJson.Default.PeerQuestion, SessionJson.Default.SessionAuditAnswer);

    /// <summary>After a split: sessions that the asked primary may not have.</summary>
    public static PeerCall<SessionEntriesAnswer, SessionMergeAnswer> Merge { get; } =
        new("sessions.merge", SessionJson.Default.SessionEntriesAnswer, SessionJson.Default.SessionMergeAnswer);
}

/// <summary>The JSON of <see cref="SessionCalls"/>.</summary>
[JsonSourceGenerationOptions(System.Text.Json.JsonSerializerDefaults.Web, GenerationMode = JsonSourceGenerationMode.Metadata)]
[JsonSerializable(typeof(SessionDigestRequest))]
[JsonSerializable(typeof(SessionDigestAnswer))]
[JsonSerializable(typeof(SessionEntriesRequest))]
[JsonSerializable(typeof(SessionEntriesAnswer))]
[JsonSerializable(typeof(SessionMergeAnswer))]
[JsonSerializable(typeof(SessionAuditAnswer))]
public sealed partial class SessionJson : JsonSerializerContext;
