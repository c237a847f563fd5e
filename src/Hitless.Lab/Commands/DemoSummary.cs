using Hitless.Core.Api;
using Hitless.Lab.Demo;
using Spectre.Console;

namespace Hitless.Lab.Commands;

/// <summary>A <see cref="DemoReport"/> for people.</summary>
public static class DemoSummary
{
    /// <summary>Prints units, traffic and the verdict; the steps of the run have been shown by `hitless upgrade start`.</summary>
    public static void Print(DemoReport report)
    {
        if (report is { Before: { } before, Status: { } after })
        {
            Screen.Out.Write(Units(before, after));
        }

        if (report.Traffic is { } traffic)
        {
            TrafficTable.Print(traffic);
            Screen.Out.WriteLine(
                $"{traffic.ConnectionsLost} connections lost, {traffic.PacketsLost} packets of the UDP probe lost, longest gap "
                    + $"{traffic.LongestGapMs:0.0} ms"
            );
        }

        if (report.Standstills is [_, ..] stood)
        {
            Screen.Out.WriteLine(
                $"the machine itself did nothing for a while, {stood.Count} times; the longest: {stood.MaxBy(one => one.Milliseconds)}"
            );
        }

        Screen.Out.MarkupLine(
            report.Passed ? $"[green]{report.Verdict}: nothing was lost[/]" : $"[red]{report.Verdict}, and not as it should be:[/]"
        );
        foreach (var problem in report.Problems)
        {
            Screen.Out.WriteLine($"  {problem}");
        }
    }

    private static Table Units(ClusterStatus before, ClusterStatus after)
    {
        var table = new Table().Border(TableBorder.Rounded).AddColumns("unit", "before", "after", "sessions", "configuration");
        foreach (var unit in after.Units)
        {
            var former = before.Units.FirstOrDefault(candidate => candidate.Name == unit.Name);
            table.AddRow(
                unit.Name,
                former is null ? "" : $"{former.Role}, {former.Version}, slot {former.Slot}",
                $"{unit.Role}, {unit.Version}, slot {unit.Slot}",
                $"{unit.Sessions}",
                $"{unit.Configuration}, revision {unit.ConfigurationRevision}"
            );
        }

        return table;
    }
}
