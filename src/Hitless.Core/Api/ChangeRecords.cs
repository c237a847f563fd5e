namespace Hitless.Core.Api;

/// <summary>
/// What was otherwise around the traffic after a run than before it, on any unit: routes, rules, settings, neighbours, routing peers,
/// listening services, errors of interfaces, the output of own commands.
/// </summary>
/// <param name="Found">Those that nobody expected first.</param>
/// <param name="LeftOut">How many more there were than a report holds.</param>
/// <param name="NotKnown">What could not be compared, and why, a line each; empty: everything was.</param>
public sealed record ReportChanges(IReadOnlyList<ReportChange> Found, int LeftOut, IReadOnlyList<string> NotKnown);

/// <summary>One difference. <c>Before</c> or <c>After</c> is null where it was not there then.</summary>
/// <param name="Unit">Where it was seen.</param>
/// <param name="Name">As <c>upgrade.expect</c> would name it, such as <c>listener tcp 0.0.0.0:53</c>.</param>
/// <param name="Before">How it was when the run backed up the configuration.</param>
/// <param name="After">How it was when the run had ended.</param>
/// <param name="Expected">It has a reason that is no fault of the run.</param>
/// <param name="Why">That reason; null: there is none.</param>
public sealed record ReportChange(string Unit, string Name, string? Before, string? After, bool Expected, string? Why);
