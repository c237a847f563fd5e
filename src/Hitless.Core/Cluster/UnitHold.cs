namespace Hitless.Core.Cluster;

/// <summary>An operator has taken a unit out of the election, for maintenance (docs/decisions/0070).</summary>
/// <param name="Reason">Why, in the operator's words; empty: no reason was given.</param>
/// <param name="Remaining">How long still; null: until it is released.</param>
public sealed record UnitHold(string Reason, TimeSpan? Remaining)
{
    /// <summary>The longest reason, in characters.</summary>
    public const int ReasonLengthMax = 200;

    /// <summary>The longest time.</summary>
    public static readonly TimeSpan TimeMax = TimeSpan.FromDays(3650);

    /// <summary>As it stands in events: "until it is released (new disk)".</summary>
    public override string ToString() =>
        $"{(Remaining is { } time ? $"for {Math.Ceiling(time.TotalSeconds):0} s" : "until it is released")}"
        + (Reason.Length == 0 ? "" : $" ({Reason})");
}
