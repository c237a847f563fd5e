using Hitless.Core.Api;
using Spectre.Console;

namespace Hitless.Cli.Display;

/// <summary>What is known before a run, and what became of it, as text.</summary>
internal static class UpgradeViews
{
    public static void Show(Screen screen, UpgradeCheck check)
    {
        screen.Line($"image {Words.Short(check.Image)}, version {check.Version}: {(check.Ready ? "ready" : "NOT ready")}");
        foreach (var result in check.Checks)
        {
            screen.Line($"  {result.Result, -4}  {result.Id}: {result.Text}");
            if (result.Result != CheckOutcome.Pass && result.Remedy is not null)
            {
                screen.Line($"        {result.Remedy}");
            }
        }
    }

    public static void Show(Screen screen, UpgradePlan plan)
    {
        screen.Line($"{plan.From} → {plan.To}, {plan.Mode}, image {Words.Short(plan.Image)}");
        var table = Tables.Plain("STEP", "", "UNIT", "PRIMARY AFTER", "WHAT HAPPENS");
        foreach (var step in plan.Steps)
        {
            table.AddTexts(
                $"{(step.Gate ? ">" : " ")}{step.Index + 1}",
                step.Name,
                step.Unit ?? "",
                step.PrimaryAfter,
                $"{step.Text}{WaitsFor(step)}"
            );
        }

        screen.Console.Write(table);
        screen.Line(
            $"it takes about {Words.Duration(plan.TakesMs)}{(plan.Mode == "guided" ? ", and what you take at the gates (>)" : "")}"
        );
        screen.Line(
            plan.Baseline is { } baseline
                ? $"held against run {baseline.Run}, {baseline}"
                : "not rehearsed (hitless upgrade rehearse IMAGE)"
        );
        screen.Line(
            $"in the end {plan.FinalPrimary} is primary: "
                + $"{plan.FinalReason}{(plan.SecondSwitch ? " (the cluster switches a second time)" : "")}"
        );
    }

    public static void Show(Screen screen, RunStatus? status)
    {
        if (status is null)
        {
            screen.Line("no run yet");
            return;
        }

        screen.Line($"run {status.Run}: {status.State}, {status.From} → {status.To}, {status.Mode}, {status.Percent} %");
        screen.Line(
            $"  step {status.StepIndex + 1} of {status.StepCount}, {status.Step}{(status.Unit is null ? "" : $" on {status.Unit}")}: "
                + $"{status.Text}"
        );
        if (status.Gate is { } gate)
        {
            Show(screen, gate);
        }
    }

    private static string WaitsFor(PlannedStep step) => step.WaitsFor.Count == 0 ? "" : $"; waits for {string.Join(", ", step.WaitsFor)}";

    /// <summary>What was found before a gate, and what can be done at it.</summary>
    public static void Show(Screen screen, RunGate gate)
    {
        screen.Line(gate.Name is null ? $"gate: {gate.Text}?" : gate.Text);
        foreach (var found in gate.Checked)
        {
            screen.Line($"  checked  {found}");
        }

        foreach (var offer in gate.Offers)
        {
            screen.Line($"  {offer.Command}");
            screen.Line($"        {offer.Text}");
        }
    }

    private static Table StepsOf(RunReport report)
    {
        var table = Tables.Plain("STEP", "UNIT", "AT", "TOOK", "RESULT", "DETAIL");
        foreach (var step in report.Steps)
        {
            table.AddTexts(
                step.Name,
                step.Unit ?? "",
                $"+{Words.Duration((step.StartedAt - report.StartedAt).TotalMilliseconds)}",
                Words.Duration(step.DurationMs),
                step.Result.ToString(),
                step.Detail ?? ""
            );
        }

        return table;
    }

    public static void Show(Screen screen, RunReport report)
    {
        screen.Line(
            $"run {report.Run}: {report.Verdict}, {report.From} → {report.To}, {report.Mode}, {Words.Duration(report.DurationMs)}, "
                + $"started {Words.Time(report.StartedAt)}"
        );
        if (report.Reason is { Length: > 0 } reason)
        {
            screen.Line($"  {reason}");
        }

        screen.Console.Write(StepsOf(report));
        foreach (var election in report.Elections)
        {
            screen.Line($"epoch {election.Epoch}: {election.Primary} is primary: {election.Reason}");
        }

        foreach (var unit in report.Units)
        {
            screen.Line($"{unit.Name}: {unit.Before} → {unit.After}");
        }

        foreach (var line in SessionWords.Of(report.Sessions))
        {
            screen.Line(line);
        }

        screen.Line($"longest gap: {Words.Gap(report)}");
        if (report.ReadyMin is { } ready)
        {
            screen.Line($"redundancy: {Words.Redundancy(ready)}");
        }

        if (report.Traffic is { } traffic)
        {
            screen.Line($"traffic: {traffic.Verdict}: {traffic.Text}");
        }

        foreach (var line in ChangeWords.Of(report.Changes))
        {
            screen.Line(line);
        }

        if (report.Baseline is { } baseline)
        {
            screen.Line($"{baseline} (run {baseline.Run})");
        }
    }
}
