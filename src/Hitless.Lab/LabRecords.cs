using System.Text.Json;
using System.Text.Json.Serialization;
using Hitless.Core.Api;
using Hitless.Lab.Cuts;
using Hitless.Lab.Demo;
using Hitless.Lab.Machine;
using Hitless.Lab.Matrix;
using Hitless.Lab.Network;
using Hitless.Lab.Traffic;

namespace Hitless.Lab;

/// <summary>What the lab's programs say to each other, what the lab keeps, and what it reports.</summary>
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
internal sealed partial class LabRecords : JsonSerializerContext;
