using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace Hitless.Core.Api;

/// <summary>
/// Whether a program can write and read every record of a <see cref="JsonSerializerContext"/>: a document with a value for each of its
/// fields is read and written again, and must come out the same. A native program holds only what the compiler saw, so each program checks
/// its own records (<c>hitlessd --self-check</c>, <c>hitless self-check</c>).
/// </summary>
public static class RoundTrip
{
    private const int DepthMax = 8;

    // For records whose JSON is a text of their own form, or a number.
    private static readonly JsonNode[] Forms = ["1.2.3", "1.2", ">=1.0.0 <2.0.0", 1];

    /// <summary>What is wrong, a line for each record; <paramref name="checkedCount"/> counts the records.</summary>
    public static IReadOnlyList<string> Problems<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicProperties)] TContext>(
        TContext context,
        out int checkedCount
    )
        where TContext : JsonSerializerContext
    {
        List<string> problems = [];
        checkedCount = 0;
        foreach (var property in typeof(TContext).GetProperties(BindingFlags.Public | BindingFlags.Instance))
        {
            if (property.GetValue(context) is JsonTypeInfo type)
            {
                checkedCount++;
                if (Problem(type) is { } problem)
                {
                    problems.Add($"{typeof(TContext).Name}.{property.Name}: {problem}");
                }
            }
        }

        return problems;
    }

    /// <summary>A record with a value in each of its fields.</summary>
    /// <exception cref="NotSupportedException">The program does not know how to read it.</exception>
    public static T Sample<T>(JsonTypeInfo<T> type) => JsonSerializer.Deserialize(Document(type, 0), type)!;

    private static string? Problem(JsonTypeInfo type)
    {
        try
        {
            var document = Document(type, 0);
            var written = JsonSerializer.SerializeToNode(JsonSerializer.Deserialize(document, type), type);
            return Missing(document, written, "$") is { } place ? $"{place} is lost or changed" : null;
        }
        catch (Exception e) when (e is NotSupportedException or JsonException or InvalidOperationException)
        {
            return e.Message;
        }
    }

    private static JsonNode? Document(JsonTypeInfo type, int depth) =>
        type.Kind switch
        {
            JsonTypeInfoKind.Object => Object(type, depth),
            JsonTypeInfoKind.Enumerable => new JsonArray(Value(type.Options, type.ElementType!, depth + 1)),
            JsonTypeInfoKind.Dictionary => new JsonObject { ["key"] = Value(type.Options, type.ElementType!, depth + 1) },
            _ => Scalar(Nullable.GetUnderlyingType(type.Type) is { } inner ? type.Options.GetTypeInfo(inner) : type),
        };

    private static JsonObject Object(JsonTypeInfo type, int depth)
    {
        var document = new JsonObject();
        foreach (var property in type.Properties)
        {
            // What is computed is written, and not read.
            if (property.Get is not null && (property.Set is not null || property.AssociatedParameter is not null))
            {
                document[property.Name] = Value(property.Options, property.PropertyType, depth + 1);
            }
        }

        return document;
    }

    private static JsonNode? Value(JsonSerializerOptions options, Type type, int depth) =>
        depth > DepthMax ? null : Document(options.GetTypeInfo(type), depth);

    private static JsonNode? Scalar(JsonTypeInfo type)
    {
        if (type.Type.IsEnum)
        {
            return JsonSerializer.SerializeToNode(Enum.ToObject(type.Type, Enum.GetValuesAsUnderlyingType(type.Type).GetValue(0)!), type);
        }

        return type.Type switch
        {
            var t when t == typeof(string) => "text",
            var t when t == typeof(bool) => true,
            var t when t == typeof(DateTimeOffset) => "2026-01-02T03:04:05+00:00",
            var t when t == typeof(TimeSpan) => "00:00:01",
            var t when t == typeof(byte[]) => "AQID",
            var t when t.IsPrimitive || t == typeof(decimal) => 1,
            _ => Forms.First(form => Reads(form, type)).DeepClone(),
        };
    }

    private static bool Reads(JsonNode form, JsonTypeInfo type)
    {
        try
        {
            return JsonSerializer.Deserialize(form, type) is not null;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    /// <summary>The first place of <paramref name="expected"/> that <paramref name="actual"/> does not have; null if it has all.</summary>
    private static string? Missing(JsonNode? expected, JsonNode? actual, string place) =>
        (expected, actual) switch
        {
            (JsonObject wanted, JsonObject found) => wanted
                .Select(field => Missing(field.Value, found[field.Key], $"{place}.{field.Key}"))
                .FirstOrDefault(lost => lost is not null),
            (JsonArray wanted, JsonArray found) when wanted.Count == found.Count => wanted
                .Select((item, i) => Missing(item, found[i], $"{place}[{i}]"))
                .FirstOrDefault(lost => lost is not null),
            _ => JsonNode.DeepEquals(expected, actual) ? null : place,
        };
}
