using System.Text.Json;
using System.Text.Json.Serialization;
using Hitless.Daemon.Peers;

namespace Hitless.Daemon.Joining;

/// <summary>What the unit that removes another one asks of those that stay.</summary>
public static class RemovalCalls
{
    /// <summary>Takes addresses out of the peers, and restarts in service if there were any.</summary>
    public static PeerCall<ForgetRequest, ForgetAnswer> Forget { get; } =
        new("unit.forget", RemovalJson.Default.ForgetRequest, RemovalJson.Default.ForgetAnswer);
}

/// <summary>Addresses of a unit that is no peer any more.</summary>
/// <param name="From">Who asks.</param>
/// <param name="To">Who is asked: nobody else does it.</param>
/// <param name="Unit">The unit that is removed.</param>
/// <param name="Addresses">Its addresses.</param>
public sealed record ForgetRequest(string From, string To, string Unit, IReadOnlyList<string> Addresses);

/// <summary>Whether any of them was a peer's: then the daemon restarts.</summary>
public sealed record ForgetAnswer(bool Changed);

/// <summary>The JSON of this call.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, GenerationMode = JsonSourceGenerationMode.Metadata)]
[JsonSerializable(typeof(ForgetRequest))]
[JsonSerializable(typeof(ForgetAnswer))]
public sealed partial class RemovalJson : JsonSerializerContext;
