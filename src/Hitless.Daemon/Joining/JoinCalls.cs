using System.Text.Json;
using System.Text.Json.Serialization;
using Hitless.Core.Api;
using Hitless.Daemon.Peers;

namespace Hitless.Daemon.Joining;

/// <summary>What the inviting unit asks of the others when one more joins.</summary>
public static class JoinCalls
{
    /// <summary>Puts the joining unit among the peers of the asked unit's unit.yaml.</summary>
    public static PeerCall<AddPeerRequest, AddPeerAnswer> AddPeer { get; } =
        new("unit.add-peer", JoinJson.Default.AddPeerRequest, JoinJson.Default.AddPeerAnswer);

    /// <summary>Starts the daemon anew in service, with what stands in its unit.yaml.</summary>
    public static PeerCall<PeerQuestion, AddPeerAnswer> Restart { get; } =
        new("unit.restart", PeerJson.Default.PeerQuestion, JoinJson.Default.AddPeerAnswer);
}

/// <summary>A unit that joins, and the unit that has invited it. <c>CheckOnly</c>: only say whether it could be written.</summary>
public sealed record AddPeerRequest(string From, JoinRequest Joining, bool CheckOnly);

/// <summary>The asked unit's own addresses on its links, each with its interface.</summary>
public sealed record AddPeerAnswer(IReadOnlyList<PortAddress> Addresses);

/// <summary>The JSON of these calls.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, GenerationMode = JsonSourceGenerationMode.Metadata)]
[JsonSerializable(typeof(AddPeerRequest))]
[JsonSerializable(typeof(AddPeerAnswer))]
public sealed partial class JoinJson : JsonSerializerContext;
