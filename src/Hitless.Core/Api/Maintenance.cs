namespace Hitless.Core.Api;

/// <summary>An operator holds a unit for maintenance. <c>RemainingMs</c> and <c>Until</c> null: until it is released.</summary>
/// <param name="Reason">In the operator's words; may be empty.</param>
/// <param name="RemainingMs">What is left of its time; it does not run while the unit is off.</param>
/// <param name="Until">The same by the unit's clock.</param>
public sealed record HoldStatus(string Reason, long? RemainingMs, DateTimeOffset? Until);

/// <summary><c>POST /v1/unit/hold</c>.</summary>
/// <param name="Unit">The unit; null: the one that is asked.</param>
/// <param name="ForMs">For how long, in milliseconds; null: until it is released.</param>
/// <param name="Reason">Why, for whoever reads the status.</param>
/// <param name="Force">Also where nobody can take over, or only one that is worse off.</param>
/// <param name="PlanOnly">Only say what it would cost.</param>
public sealed record HoldRequest(string? Unit, long? ForMs, string Reason, bool Force, bool PlanOnly);

/// <summary>What a hold came to.</summary>
/// <param name="Unit">The unit.</param>
/// <param name="Hold">The hold; null: only asked, or refused by a run that began meanwhile.</param>
/// <param name="Successor">Who takes over from it; null: it carries no traffic, or goes on.</param>
/// <param name="Warnings">What it costs.</param>
public sealed record HoldResult(string Unit, HoldStatus? Hold, string? Successor, IReadOnlyList<string> Warnings);

/// <summary><c>POST /v1/unit/release</c>. <c>Unit</c> null: the one that is asked.</summary>
public sealed record ReleaseRequest(string? Unit);

/// <summary>The unit, and whether it was held.</summary>
public sealed record ReleaseResult(string Unit, bool WasHeld);

/// <summary><c>POST /v1/unit/reboot</c>.</summary>
/// <param name="Unit">The unit; null: the one that is asked.</param>
/// <param name="Force">Also where nobody can take over, or only one that is worse off.</param>
/// <param name="PlanOnly">Only say what it would cost.</param>
public sealed record RebootRequest(string? Unit, bool Force, bool PlanOnly);

/// <summary>A machine that is about to reboot: it has handed over.</summary>
/// <param name="Unit">The unit.</param>
/// <param name="Incarnation">That of its daemon before the reboot (<see cref="UnitStatus.Incarnation"/>).</param>
/// <param name="Successor">Who has taken over, or would; null: it carries no traffic, or nobody can.</param>
/// <param name="Warnings">What it costs.</param>
public sealed record RebootResult(string Unit, string Incarnation, string? Successor, IReadOnlyList<string> Warnings);
