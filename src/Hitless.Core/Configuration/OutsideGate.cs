namespace Hitless.Core.Configuration;

/// <summary>
/// A gate that something outside the cluster opens (<c>upgrade.gates</c>): a system that is named, by its word, or a page of alerts, by
/// showing none. Fixed for a run when that begins.
/// </summary>
/// <param name="Name">Its name.</param>
/// <param name="Before">What it stands before: <see cref="Start"/>, <see cref="Install"/>, <see cref="Switch"/>, <see cref="End"/>.</param>
/// <param name="Alerts">The page of alerts; null: it waits for a word.</param>
/// <param name="TimeoutMs">It is waited for so long; then the run goes back.</param>
public sealed record OutsideGate(string Name, IReadOnlyList<string> Before, string? Alerts, long TimeoutMs)
{
    /// <summary>Before anything is done.</summary>
    public const string Start = "start";

    /// <summary>Before each unit gets the image.</summary>
    public const string Install = "install";

    /// <summary>Before each switch that the upgrade makes.</summary>
    public const string Switch = "switchover";

    /// <summary>Before the rules choose the primary in the end.</summary>
    public const string End = "final-primary";

    /// <summary>What it does, for an operator.</summary>
    public string Describe() => Alerts is null ? "waits for its word" : $"waits until {Alerts} shows no alert";
}
