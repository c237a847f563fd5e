using Hitless.Core.Api;

namespace Hitless.Core.Maintenance;

/// <summary>What becomes of the traffic when a unit is held or rebooted.</summary>
/// <param name="Refusal">Why it is not done; null: it may be.</param>
/// <param name="Successor">Who takes over first; null: the unit carries no traffic, or nobody can.</param>
/// <param name="Warnings">What it costs, to be said before it is done.</param>
public sealed record MaintenancePlan(Refusal? Refusal, string? Successor, IReadOnlyList<string> Warnings);
