using System.Text.Json;
using System.Text.Json.Serialization;
using Hitless.Core.Api;
using Hitless.Daemon.Peers;

namespace Hitless.Daemon.Upgrade;

/// <summary>What units tell each other of their forwarding.</summary>
public static class ForwardingCalls
{
    /// <summary>A primary's figures, for whoever succeeds it.</summary>
    public static PeerCall<ForwardingTelling, StepAnswer> Tell { get; } =
        new("forwarding.tell", ForwardingJson.Default.ForwardingTelling, ForwardingJson.Default.StepAnswer);

    /// <summary>Whether the traffic goes on at a unit that has become primary; answers when that is decided, within some seconds.</summary>
    public static PeerCall<PeerQuestion, ReportTraffic> Judgement { get; } =
        new("forwarding.judgement", PeerJson.Default.PeerQuestion, ForwardingJson.Default.ReportTraffic);
}

/// <summary>
/// The figures of the primary <paramref name="Unit"/>. <paramref name="Planned"/>: a switchover that somebody asked for begins now;
/// <paramref name="MayReturn"/>: if the successor turns out not to forward, it is
/// to hand the traffic back.
/// </summary>
public sealed record ForwardingTelling(string Unit, ForwardingFigures Figures, bool Planned, bool MayReturn);

/// <summary>The JSON of <see cref="ForwardingCalls"/>.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, GenerationMode = JsonSourceGenerationMode.Metadata)]
[JsonSerializable(typeof(ForwardingTelling))]
[JsonSerializable(typeof(StepAnswer))]
[JsonSerializable(typeof(ReportTraffic))]
public sealed partial class ForwardingJson : JsonSerializerContext;
