using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Hitless.Core.Api;
using Hitless.Lab.Cuts;
using Hitless.Lab.Demo;
using Hitless.Lab.Machine;
using Hitless.Lab.Matrix;
using Hitless.Lab.Network;
using Hitless.Lab.Traffic;

namespace Hitless.Lab.Tools;

/// <summary>The JSON of the lab, as contract.md wants it: what its programs say to each other, what it keeps and reports, and the units' records that it reads. Source-generated: the lab is a native program.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, GenerationMode = JsonSourceGenerationMode.Metadata)]
[JsonSerializable(typeof(string))]
[JsonSerializable(typeof(LabPlan))]
[JsonSerializable(typeof(Standstill))]
[JsonSerializable(typeof(ClientReport))]
[JsonSerializable(typeof(ProbeClientReport))]
[JsonSerializable(typeof(Arrivals))]
[JsonSerializable(typeof(TrafficReport))]
[JsonSerializable(typeof(DemoReport))]
[JsonSerializable(typeof(SwitchoverSeries.Result))]
[JsonSerializable(typeof(IReadOnlyList<CutOutcome>))]
[JsonSerializable(typeof(IReadOnlyList<MatrixOutcome>))]
[JsonSerializable(typeof(ClusterEvent[]))]
internal sealed partial class LabJson : JsonSerializerContext
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

    private static JsonSerializerOptions Format(bool indented) => new(JsonSerializerDefaults.Web)
    {
        WriteIndented = indented,
        TypeInfoResolver = JsonTypeInfoResolver.Combine(Default, ApiJson.Default),
    };
}
