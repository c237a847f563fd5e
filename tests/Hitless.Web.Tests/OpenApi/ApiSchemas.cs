using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Schema;
using System.Text.Json.Serialization.Metadata;

namespace Hitless.Web.Tests.OpenApi;

/// <summary>JSON schemas of records, each record once under its name.</summary>
internal sealed class ApiSchemas
{
    /// <summary>By name.</summary>
    public SortedDictionary<string, JsonNode> All { get; } = new(StringComparer.Ordinal);

    /// <summary>The schema of a body: what a record is said to be elsewhere is a reference.</summary>
    public JsonNode Of(JsonTypeInfo type) =>
        type.GetJsonSchemaAsNode(
            new JsonSchemaExporterOptions
            {
                TreatNullObliviousAsNonNullable = true,
                TransformSchemaNode = (context, node) => Transform(context, node),
            }
        );

    private JsonNode Transform(JsonSchemaExporterContext context, JsonNode node)
    {
        // Words of a closed list grow, and who reads them is not to break at a new one. Records with a form of their own are texts too.
        var plain = Nullable.GetUnderlyingType(context.TypeInfo.Type) ?? context.TypeInfo.Type;
        if (plain.IsEnum || node.GetValueKind() == JsonValueKind.True)
        {
            var optional = plain != context.TypeInfo.Type || context.PropertyInfo?.IsGetNullable == true;
            return new JsonObject { ["type"] = optional ? new JsonArray("string", "null") : "string" };
        }

        if (node is not JsonObject schema)
        {
            return node;
        }

        var types =
            schema["type"] is JsonArray many ? [.. many.Select(each => each!.GetValue<string>())]
            : schema["type"] is { } one ? [one.GetValue<string>()]
            : Array.Empty<string>();

        // The reader takes numbers in quotation marks too; nobody is to be told to write them.
        if (schema.ContainsKey("pattern") && types.Intersect(["integer", "number"], StringComparer.Ordinal).Any())
        {
            schema.Remove("pattern");
            types = [.. types.Where(each => each != "string")];
            schema["type"] = types is [var only] ? only : new JsonArray([.. types.Select(each => JsonValue.Create(each))]);
        }

        if (context.TypeInfo.Kind != JsonTypeInfoKind.Object)
        {
            if (context.TypeInfo.Type == typeof(byte[]))
            {
                schema["contentEncoding"] = "base64";
            }

            // The exporter refers to a place that is elsewhere here.
            return schema["$ref"] is { } place && place.GetValue<string>().StartsWith("#/properties", StringComparison.Ordinal)
                ? Of(context.TypeInfo)
                : schema;
        }

        if (types.Contains("object", StringComparer.Ordinal))
        {
            schema["type"] = "object";
            All[context.TypeInfo.Type.Name] = schema.DeepClone();
        }

        var reference = new JsonObject { ["$ref"] = $"#/components/schemas/{context.TypeInfo.Type.Name}" };
        return types.Contains("null", StringComparer.Ordinal)
            ? new JsonObject { ["anyOf"] = new JsonArray(reference, new JsonObject { ["type"] = "null" }) }
            : reference;
    }
}
