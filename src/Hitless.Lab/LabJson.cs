using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Hitless.Core.Api;

namespace Hitless.Lab;

/// <summary>
/// The JSON of the lab, as contract.md wants it: its own records and the units' that it reads. Source-generated, since the lab is a native
/// program.
/// </summary>
internal static class LabJson
{
    private static readonly JsonSerializerOptions Compact = Format(indented: false);
    private static readonly JsonSerializerOptions Indented = Format(indented: true);

    /// <summary>On one line.</summary>
    public static string Write<T>(T value) => JsonSerializer.Serialize(value, (JsonTypeInfo<T>)Compact.GetTypeInfo(typeof(T)));

    /// <summary>For people and files.</summary>
    public static string WriteIndented<T>(T value) => JsonSerializer.Serialize(value, (JsonTypeInfo<T>)Indented.GetTypeInfo(typeof(T)));

    /// <summary>Reads a document; null where it says <c>null</c>.</summary>
    /// <exception cref="JsonException">It is none of a <typeparamref name="T"/>.</exception>
    public static T? Read<T>(string json) => JsonSerializer.Deserialize(json, (JsonTypeInfo<T>)Compact.GetTypeInfo(typeof(T)));

    private static JsonSerializerOptions Format(bool indented) =>
        new(JsonSerializerDefaults.Web)
        {
            WriteIndented = indented,
            TypeInfoResolver = JsonTypeInfoResolver.Combine(LabRecords.Default, ApiJson.Default),
        };
}
