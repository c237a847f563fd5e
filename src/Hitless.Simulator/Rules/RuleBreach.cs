namespace Hitless.Simulator.Rules;

/// <summary>A rule of design.md that did not hold: which, when in virtual time, and what was seen.</summary>
internal sealed record RuleBreach(string Rule, TimeSpan At, string Text)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Rule}, at {At.TotalSeconds:F4} s: {Text}";
}
