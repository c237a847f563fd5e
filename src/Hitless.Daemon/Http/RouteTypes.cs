using System.Text.Json.Serialization.Metadata;

namespace Hitless.Daemon.Http;

/// <summary>What a route takes and answers; docs/openapi.json is made from it. <c>Request</c> null: no JSON.</summary>
public sealed record RouteTypes(JsonTypeInfo? Request, JsonTypeInfo Answer)
{
    /// <summary>Answers come as server-sent events, one each.</summary>
    public bool Streams { get; init; }
}
