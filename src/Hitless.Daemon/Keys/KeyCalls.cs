using System.Text.Json;
using System.Text.Json.Serialization;
using Hitless.Core.Keys;
using Hitless.Daemon.Peers;

namespace Hitless.Daemon.Keys;

/// <summary>What units ask of each other while the cluster's key is rotated.</summary>
public static class KeyCalls
{
    /// <summary>Offers the next key, and asks how far the other unit is.</summary>
    public static PeerCall<KeyOffer, KeyAnswer> Offer { get; } = new("key.offer", KeyJson.Default.KeyOffer, KeyJson.Default.KeyAnswer);

    /// <summary>Which key the other unit has.</summary>
    public static PeerCall<PeerQuestion, KeyState> State { get; } =
        new("key.state", PeerJson.Default.PeerQuestion, KeyJson.Default.KeyState);
}

/// <summary>The next key.</summary>
/// <param name="From">Who offers it.</param>
/// <param name="To">Whom it is for: nobody else takes it.</param>
/// <param name="Former">The id of the key that it comes after.</param>
/// <param name="Next">The key, as a key file has it.</param>
/// <param name="Members">The units that take part.</param>
public sealed record KeyOffer(string From, string To, string Former, string Next, IReadOnlyList<string> Members);

/// <summary>How far the unit is; null: it is in another rotation.</summary>
public sealed record KeyAnswer(KeyPhase? Phase);

/// <summary>The id of the key that a unit sends with, and whether it has two.</summary>
public sealed record KeyState(string Key, bool Rotating);

/// <summary>The JSON of these calls.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, UseStringEnumConverter = true, GenerationMode = JsonSourceGenerationMode.Metadata)]
[JsonSerializable(typeof(KeyOffer))]
[JsonSerializable(typeof(KeyAnswer))]
[JsonSerializable(typeof(KeyState))]
public sealed partial class KeyJson : JsonSerializerContext;
