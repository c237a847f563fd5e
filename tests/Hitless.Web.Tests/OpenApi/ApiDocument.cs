using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using Hitless.Core.Api;
using Hitless.Core.Web;
using Hitless.Daemon.Http;
using Hitless.Web.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Hitless.Web.Tests.OpenApi;

/// <summary>
/// Makes docs/openapi.json: of the access table, of what the routes say that they take and answer, and of <see cref="ApiWords"/>.
/// </summary>
internal static class ApiDocument
{
    private const string Problem = "application/problem+json";
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, NewLine = "\n" };

    // Mapped by the daemon beside its local API, or answered by the web manager.
    private static readonly Dictionary<string, RouteTypes> Others = new(StringComparer.Ordinal)
    {
        ["POST /v1/firmware/check"] = new(ApiJson.Default.FeedRequest, ApiJson.Default.FeedReport),
        ["POST /v1/invite"] = new(ApiJson.Default.InviteRequest, ApiJson.Default.InviteResult),
        ["POST /v1/key/rotate"] = new(ApiJson.Default.KeyRotationRequest, ApiJson.Default.KeyRotationResult),
        ["POST /v1/unit/hold"] = new(ApiJson.Default.HoldRequest, ApiJson.Default.HoldResult),
        ["POST /v1/unit/reboot"] = new(ApiJson.Default.RebootRequest, ApiJson.Default.RebootResult),
        ["POST /v1/unit/release"] = new(ApiJson.Default.ReleaseRequest, ApiJson.Default.ReleaseResult),
        ["POST /v1/unit/remove"] = new(ApiJson.Default.RemovalRequest, ApiJson.Default.RemovalResult),
        ["GET /session"] = new(null, HostingJson.Default.SessionAnswer),
        ["GET /v1/status/watch"] = new(null, ApiJson.Default.ClusterStatus) { Streams = true },
    };

    // What answers no JSON of ours.
    private static readonly Dictionary<string, string> Plain = new(StringComparer.Ordinal)
    {
        ["GET /metrics"] = "application/openmetrics-text",
        ["GET /v1/config/backup"] = "application/octet-stream",
        ["GET /v1/config/schema"] = "application/schema+json",
        ["GET /v1/openapi.json"] = "application/json",
    };

    public static string Make(IEndpointRouteBuilder routes)
    {
        var types = new Dictionary<string, RouteTypes>(Others, StringComparer.Ordinal);
        foreach (var route in routes.DataSources.SelectMany(source => source.Endpoints).OfType<RouteEndpoint>())
        {
            if (route.Metadata.GetMetadata<RouteTypes>() is { } told)
            {
                types[$"{route.Metadata.GetMetadata<HttpMethodMetadata>()!.HttpMethods[0]} {route.RoutePattern.RawText}"] = told;
            }
        }

        var schemas = new ApiSchemas();
        var paths = new JsonObject();
        foreach (var rules in AccessTable.All.GroupBy(rule => rule.Path).OrderBy(group => group.Key, StringComparer.Ordinal))
        {
            paths[rules.Key] = new JsonObject(
                rules
                    .OrderBy(rule => rule.Method, StringComparer.Ordinal)
                    .Select(rule =>
                        KeyValuePair.Create<string, JsonNode?>(
                            rule.Method.ToLowerInvariant(),
                            Operation(rule, types.GetValueOrDefault($"{rule.Method} {rule.Path}"), schemas)
                        )
                    )
            );
        }

        _ = schemas.Of(ApiJson.Default.Refusal);
        return Whole(paths, schemas).ToJsonString(Indented) + "\n";
    }

    private static JsonObject Whole(JsonObject paths, ApiSchemas schemas) =>
        new()
        {
            ["openapi"] = "3.1.0",
            ["info"] = new JsonObject
            {
                ["title"] = "Hitless",
                ["version"] = "1",
                ["description"] =
                    "The remote API of a unit. docs/web.md tells how it is used. Members are added, never removed; pass over those "
                    + "that you do not know.",
            },
            ["security"] = new JsonArray(new JsonObject { ["token"] = new JsonArray() }),
            ["paths"] = paths,
            ["components"] = new JsonObject
            {
                ["securitySchemes"] = new JsonObject
                {
                    ["token"] = new JsonObject { ["type"] = "http", ["scheme"] = "bearer" },
                },
                ["parameters"] = new JsonObject
                {
                    ["IdempotencyKey"] = Parameter("Idempotency-Key", "header", "string", "the same key again starts nothing twice", false),
                    ["IfMatch"] = Parameter("If-Match", "header", "string", "the ETag of the revision that was changed", false),
                },
                ["responses"] = new JsonObject
                {
                    ["Problem"] = new JsonObject
                    {
                        ["description"] = $"Refused: type is one of {string.Join(", ", ProblemTypes.All.Select(type => type.Uri))}",
                        ["content"] = Content(Problem, Reference("schemas", nameof(Refusal))),
                    },
                },
                ["schemas"] = new JsonObject(schemas.All.Select(each => KeyValuePair.Create(each.Key, (JsonNode?)each.Value))),
            },
        };

    private static JsonObject Operation(AccessRule rule, RouteTypes? types, ApiSchemas schemas)
    {
        var name = $"{rule.Method} {rule.Path}";
        var words = ApiWords.All[name];
        var operation = new JsonObject
        {
            ["summary"] = words.Summary,
            ["x-least-role"] = rule.Least.ToString().ToLowerInvariant(),
            ["parameters"] = Parameters(rule, words),
        };
        if (rule.BodyMax > 0)
        {
            operation["requestBody"] = new JsonObject
            {
                ["required"] = true,
                ["description"] = $"at most {rule.BodyMax} bytes",
                ["content"] = types?.Request is { } request
                    ? Content("application/json", schemas.Of(request))
                    : Content("application/octet-stream"),
            };
        }

        var done = new JsonObject { ["description"] = "Done" };
        if (Plain.TryGetValue(name, out var media))
        {
            done["content"] = Content(media);
        }
        else if (types is not null)
        {
            done["content"] = Content(types.Streams ? "text/event-stream" : "application/json", schemas.Of(types.Answer));
        }

        operation["responses"] = new JsonObject
        {
            [types is null && media is null ? "204" : "200"] = done,
            ["default"] = Reference("responses", "Problem"),
        };
        return operation;
    }

    private static JsonArray Parameters(AccessRule rule, RouteWords words) =>
        [
            .. words.Query.Select(value => Parameter(value.Name, "query", value.Type, value.Text, value.Required)),
            .. rule.Changes && rule.By == Answerer.Unit ? [Reference("parameters", "IdempotencyKey")] : (JsonNode[])[],
            .. rule.Author is AuthorPlace.Commit or AuthorPlace.Rollback ? [Reference("parameters", "IfMatch")] : (JsonNode[])[],
        ];

    private static JsonObject Parameter(string name, string place, string type, string text, bool required) =>
        new()
        {
            ["name"] = name,
            ["in"] = place,
            ["required"] = required,
            ["description"] = text,
            ["schema"] = new JsonObject { ["type"] = type },
        };

    private static JsonObject Content(string media, JsonNode? schema = null) =>
        new() { [media] = schema is null ? new JsonObject() : new JsonObject { ["schema"] = schema } };

    private static JsonObject Reference(string kind, string name) => new() { ["$ref"] = $"#/components/{kind}/{name}" };
}
