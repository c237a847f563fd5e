using Hitless.Core.Api;
using Hitless.Core.Balance;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Hitless.Cli.Display;

/// <summary>A cluster at one glance: a headline, a row per unit, why each has its role, and what is wrong.</summary>
internal static class StatusTable
{
    public static IRenderable Render(ClusterStatus status)
    {
        var parts = new List<IRenderable> { Headline(status), Text.Empty, Units(status), Text.Empty };
        parts.AddRange(
            status.Units.Select(unit => new Markup(
                $"{Escape(unit.Name)} is {(unit.Role == "none" ? "in no role" : Escape(unit.Role))}: [dim]{Escape(unit.Reason)}[/]"
                    + (unit.Hold is { } hold ? $"; [yellow]held {Escape(HoldWords.Of(hold))}[/]" : "")
            ))
        );
        parts.AddRange(status.Units.Select(unit => unit.Balance).OfType<BalanceStatus>().Select(Balance));
        parts.AddRange(status.Problems.Select(problem => new Markup($"[red]![/] {Escape(problem)}")));
        parts.AddRange(
            status
                .Units.Where(unit => unit.Role == "primary")
                .SelectMany(unit => unit.SessionCauses)
                .Where(cause => cause.Breaking > 0)
                .Select(cause => new Markup($"[yellow]-[/] {Escape(SessionWords.Of(cause))} (hitless sessions diff)"))
        );
        if (status.Upgrade is { } run)
        {
            parts.Add(
                new Markup(
                    $"[yellow]run {Escape(run.Run)}[/] {Escape(run.From)} → {Escape(run.To)}, {Escape(run.State)}: step "
                        + $"{run.StepIndex + 1} of {run.StepCount}, {Escape(run.Text)}"
                )
            );
        }

        return new Rows(parts);
    }

    private static Markup Balance(BalanceStatus balance) =>
        new(
            balance.Off is { } off
                ? $"load balancing ({Escape(balance.Schedule)}) is [yellow]off[/]: {Escape(off)}"
                : $"load balancing ({Escape(balance.Schedule)}): "
                    + string.Join(
                        ", ",
                        balance.Units.Select(unit =>
                            $"{Escape(unit.Unit)} {unit.Buckets} of {BucketHash.Buckets} buckets"
                            + (unit.Obstacle is { } why ? $" [yellow]({Escape(why)})[/]" : "")
                        )
                    )
        );

    private static Markup Headline(ClusterStatus status)
    {
        var health = status.Health == "ok" ? "[green]ok[/]" : $"[red]{Escape(status.Health)}[/]";
        var primary = status.Primary is { } name ? $"primary [bold]{Escape(name)}[/]" : "[red]no primary[/]";
        return new Markup($"[bold]{Escape(status.Cluster)}[/]  {Escape(status.Mode)}  {health}  {primary}  epoch {status.Epoch}");
    }

    private static Table Units(ClusterStatus status)
    {
        var table = Tables.Plain("UNIT", "ROLE", "STATE", "VERSION", "PRIORITY", "AGE", "SESSIONS", "CONFIGURATION", "PORTS", "HEALTH");
        foreach (var unit in status.Units)
        {
            table.AddRow(
                new Markup(unit.Name == status.Self ? $"[bold]{Escape(unit.Name)}[/] *" : Escape(unit.Name)),
                new Markup(Role(unit.Role)),
                new Markup(State(unit.State)),
                new Markup($"{Escape(unit.Version)} [dim]{Escape(unit.Slot)}[/]"),
                new Text(unit.Override ? $"{unit.Priority} override" : $"{unit.Priority}"),
                new Text(Words.Duration(unit.AgeSeconds * 1000.0)),
                new Markup(
                    unit.SessionLag == 0
                        ? Words.Count(unit.Sessions)
                        : $"{Words.Count(unit.Sessions)} [yellow]lag {Words.Count(unit.SessionLag)}[/]"
                ),
                new Markup(
                    unit.Configuration == "in-sync"
                        ? $"in-sync [dim]r{unit.ConfigurationRevision}[/]"
                        : $"[yellow]{Escape(unit.Configuration)}[/] [dim]r{unit.ConfigurationRevision}[/]"
                ),
                new Markup(
                    string.Join(
                        ' ',
                        unit.Interfaces.Select(port => port.Up ? $"[green]{Escape(port.Name)}[/]" : $"[red]{Escape(port.Name)} down[/]")
                    )
                ),
                new Markup(string.Join(' ', unit.Health.Select(Probe)))
            );
        }

        return table;
    }

    private static string Role(string role) =>
        role switch
        {
            "primary" => "[green]primary[/]",
            "standby" => "[blue]standby[/]",
            _ => $"[dim]{Escape(role)}[/]",
        };

    private static string State(string state) =>
        state switch
        {
            "ready" => "[green]ready[/]",
            "fault" or "absent" => $"[red]{state}[/]",
            _ => $"[yellow]{Escape(state)}[/]",
        };

    private static string Probe(HealthStatus probe) =>
        probe.Result switch
        {
            "passing" => $"[green]{Escape(probe.Name)}[/]",
            "failing" => $"[red]{Escape(probe.Name)} failing[/]",
            _ => $"[dim]{Escape(probe.Name)} ?[/]",
        };

    private static string Escape(string text) => Markup.Escape(text);
}
