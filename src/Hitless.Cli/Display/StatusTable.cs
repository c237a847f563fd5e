using System.Globalization;
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
                $"{Escape(unit.Name)} is {(unit.Role == UnitRoleWord.None ? "in no role" : Escape($"{unit.Role}"))}: "
                    + $"[dim]{Escape(unit.Reason)}[/]"
                    + (unit.Hold is { } hold ? $"; [yellow]held {Escape(HoldWords.Of(hold))}[/]" : "")
            ))
        );
        parts.AddRange(status.Units.Select(unit => unit.Balance).OfType<BalanceStatus>().SelectMany(Balance));
        parts.AddRange(status.Problems.Select(problem => new Markup($"[red]![/] {Escape(problem)}")));
        parts.AddRange(
            status
                .Units.Where(unit => unit.Role == UnitRoleWord.Primary)
                .SelectMany(unit => unit.SessionCauses)
                .Where(cause => cause.Breaking > 0)
                .Select(cause => new Markup($"[yellow]-[/] {Escape(SessionWords.Of(cause))} (hitless sessions diff)"))
        );
        if (status.Upgrade is { } run)
        {
            parts.Add(
                new Markup(
                    $"[yellow]run {Escape(run.Run)}[/] {Escape(run.From)} → {Escape(run.To)}, {Escape(run.State.ToString())}: step "
                        + $"{run.StepIndex + 1} of {run.StepCount}, {Escape(run.Text)}"
                )
            );
        }

        return new Rows(parts);
    }

    private static IEnumerable<IRenderable> Balance(BalanceStatus balance)
    {
        if (balance.Off is { } off)
        {
            yield return new Markup($"load balancing ({Escape(balance.Schedule)}) is [yellow]off[/]: {Escape(off)}");
            yield break;
        }

        yield return new Markup($"load balancing ({Escape(balance.Schedule)}) shares {BucketHash.Buckets} buckets out:");
        var table = Tables.Plain("UNIT", "BUCKETS", "SHARE", "PACKETS FORWARDED", "");
        foreach (var unit in balance.Units)
        {
            table.AddRow(
                new Markup(Escape(unit.Unit)),
                new Text($"{unit.Buckets}"),
                new Text(string.Create(CultureInfo.InvariantCulture, $"{100.0 * unit.Buckets / BucketHash.Buckets:0} %")),
                new Text(unit.Forwarded is { } packets ? Words.Count(packets) : "not known"),
                new Markup(unit.Obstacle is { } why ? $"[yellow]{Escape(why)}[/]" : "")
            );
        }

        yield return table;
    }

    private static Markup Headline(ClusterStatus status)
    {
        var health = Coloured(status.Health.ToString(), status.Health == ClusterCondition.Ok ? "green" : "red");
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
                    (unit.Configuration == SyncState.InSync ? $"{unit.Configuration}" : Coloured(unit.Configuration.ToString(), "yellow"))
                        + $" [dim]r{unit.ConfigurationRevision}[/]"
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

    private static string Role(UnitRoleWord role) =>
        Coloured(
            role.ToString(),
            role == UnitRoleWord.Primary ? "green"
                : role == UnitRoleWord.Standby ? "blue"
                : "dim"
        );

    private static string State(UnitStateWord state) =>
        Coloured(
            state.ToString(),
            state == UnitStateWord.Ready ? "green"
                : state == UnitStateWord.Fault || state == UnitStateWord.Absent ? "red"
                : "yellow"
        );

    private static string Probe(HealthStatus probe) =>
        probe.Result == ProbeResult.Passing ? Coloured(probe.Name, "green")
        : probe.Result == ProbeResult.Failing ? Coloured($"{probe.Name} {probe.Result}", "red")
        : Coloured($"{probe.Name} ?", "dim");

    private static string Coloured(string text, string colour) => $"[{colour}]{Escape(text)}[/]";

    private static string Escape(string text) => Markup.Escape(text);
}
