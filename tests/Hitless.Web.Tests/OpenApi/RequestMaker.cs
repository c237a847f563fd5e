using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Hitless.Web.Tests.OpenApi;

/// <summary>Makes requests of a description: each value right, missing, of another type, or junk, by chance.</summary>
internal sealed class RequestMaker(JsonNode document, Random random, string[] junk)
{
    private const int DepthMax = 6;

    public HttpRequestMessage Make(string method, string path, JsonNode operation)
    {
        List<string> query = [];
        var request = new HttpRequestMessage { Method = new HttpMethod(method.ToUpperInvariant()) };
        foreach (var parameter in operation["parameters"]!.AsArray().Select(each => Resolve(each!)))
        {
            var value = random.Next(3) == 0 ? $"{random.Next(-5, 2000)}" : Junk();
            if (random.Next(3) == 0)
            {
                continue;
            }

            var name = parameter["name"]!.GetValue<string>();
            if (parameter["in"]!.GetValue<string>() == "query")
            {
                query.Add($"{name}={Uri.EscapeDataString(value)}");
            }
            else
            {
                // What no header can have is the client's to refuse.
                request.Headers.TryAddWithoutValidation(name, new string([.. value.Where(c => c is >= ' ' and <= '~')]));
            }
        }

        request.RequestUri = new Uri(query.Count == 0 ? path : $"{path}?{string.Join('&', query)}", UriKind.Relative);
        if (operation["requestBody"]?["content"] is JsonObject content)
        {
            var schema = content.First().Value!["schema"];
            request.Content = new StringContent(
                schema is null || random.Next(4) == 0 ? Junk() : Body(schema),
                Encoding.UTF8,
                "application/json"
            );
        }

        return request;
    }

    /// <summary>JSON that is about what a schema says.</summary>
    public string Body(JsonNode schema) => Value(Resolve(schema), 0)?.ToJsonString() ?? "null";

    private JsonNode? Value(JsonNode schema, int depth)
    {
        if (random.Next(8) == 0)
        {
            return Strange();
        }

        if (schema["anyOf"] is JsonArray choices)
        {
            return Value(Resolve(choices[random.Next(choices.Count)]!), depth);
        }

        var type = schema["type"] is JsonArray types
            ? types[random.Next(types.Count)]!.GetValue<string>()
            : schema["type"]?.GetValue<string>();
        return depth > DepthMax
            ? null
            : type switch
            {
                "object" => new JsonObject(
                    (schema["properties"]?.AsObject() ?? [])
                        .Where(_ => random.Next(8) != 0)
                        .Select(each => KeyValuePair.Create(each.Key, Value(Resolve(each.Value!), depth + 1)))
                ),
                "array" => new JsonArray([.. Enumerable.Range(0, random.Next(3)).Select(_ => Value(Resolve(schema["items"]!), depth + 1))]),
                "integer" or "number" => random.Next(-3, 100_000),
                "boolean" => random.Next(2) == 0,
                "string" => random.Next(2) == 0 ? "gw2" : Junk(),
                _ => null,
            };
    }

    private JsonNode? Strange() =>
        random.Next(6) switch
        {
            0 => null,
            1 => Junk(),
            2 => random.NextInt64(),
            3 => new JsonArray(),
            4 => new JsonObject { [Junk()] = JsonSerializer.SerializeToNode(random.NextDouble()) },
            _ => true,
        };

    private string Junk() => junk[random.Next(junk.Length)];

    private JsonNode Resolve(JsonNode node) =>
        node["$ref"]?.GetValue<string>() is { } reference ? reference[2..].Split('/').Aggregate(document, (at, name) => at[name]!) : node;
}
