using System.Text.Json.Serialization;

namespace Hitless.Core.Api;

/// <summary>Whether the traffic went on after a switch, in <see cref="ReportTraffic.Verdict"/>.</summary>
[JsonConverter(typeof(WordConverter<TrafficVerdict>))]
public readonly record struct TrafficVerdict(string? Word) : IWord<TrafficVerdict>
{
    /// <summary>Not yet known.</summary>
    public static readonly TrafficVerdict Undecided = new("undecided");

    /// <summary>The new primary forwards as the former one did.</summary>
    public static readonly TrafficVerdict Forwards = new("forwards");

    /// <summary>Before the switch there was too little traffic to tell. No failure, and no proof.</summary>
    public static readonly TrafficVerdict NotEnoughTraffic = new("not-enough-traffic");

    /// <summary>The former primary's figures are not known (an older version, or it ended too soon), or no switch was made.</summary>
    public static readonly TrafficVerdict NotKnown = new("not-known");

    /// <summary>Packets arrive, or arrived until the switch, and none leaves.</summary>
    public static readonly TrafficVerdict NothingForwarded = new("nothing-forwarded");

    /// <summary>The routing table has no way for them.</summary>
    public static readonly TrafficVerdict NoRoute = new("no-route");

    /// <summary>The new primary answers by unreachables.</summary>
    public static readonly TrafficVerdict Unreachable = new("unreachable");

    /// <summary>Clearly more packets are dropped than by the former primary.</summary>
    public static readonly TrafficVerdict Drops = new("drops");

    /// <summary>Packets leave, and nothing comes back.</summary>
    public static readonly TrafficVerdict NoAnswer = new("no-answer");

    /// <summary>The former primary has to carry the traffic again.</summary>
    public bool IsBreach => this == NothingForwarded || this == NoRoute || this == Unreachable || this == Drops || this == NoAnswer;

    /// <inheritdoc/>
    public static TrafficVerdict Of(string? word) => new(word);

    /// <inheritdoc/>
    public override string ToString() => Word ?? "";
}
