using System.Text.Json;
using System.Text.Json.Serialization;

namespace Hitless.Daemon.Peers;

/// <summary>A call that asks for something and says no more than who asks.</summary>
/// <param name="From">The unit that asks.</param>
public sealed record PeerQuestion(string From);

/// <summary>The JSON of what calls of every kind have in common.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, GenerationMode = JsonSourceGenerationMode.Metadata)]
[JsonSerializable(typeof(PeerQuestion))]
public sealed partial class PeerJson : JsonSerializerContext;
