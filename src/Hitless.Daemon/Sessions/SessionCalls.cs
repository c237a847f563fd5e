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
public sealed partial class SessionJson : JsonSerializerContext;
