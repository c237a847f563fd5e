using System.Globalization;
using Hitless.Lab.Traffic;
using Spectre.Console;

namespace Hitless.Lab.Commands;

/// <summary>A <see cref="TrafficReport"/> for people.</summary>
public static class TrafficTable
{
    /// <summary>Prints the report, and what was lost in full.</summary>
    public static void Print(TrafficReport report)
    {
        var table = new Table().Border(TableBorder.Rounded).AddColumns("traffic", "amount", "lost", "longest stall or gap");
        var (longOnes, shortOnes, download, probe) = (report.Long, report.Short, report.Download, report.Probe);
        table.AddRow(
            "long TCP connections",
            $"{longOnes.Opened} of {longOnes.Asked} ({longOnes.Hidden} SNAT, {longOnes.Forwarded} DNAT, {longOnes.Ipv6} IPv6), "
                + $"{longOnes.Messages} messages",
            Count(longOnes.Lost),
            Duration(longOnes.LongestStallMs, longOnes.LongestStallAt)
        );
        table.AddRow(
            "new TCP connections",
            $"{shortOnes.Opened}",
            Count(shortOnes.Failed),
            Duration(shortOnes.SlowestMs, shortOnes.SlowestAt)
        );
        table.AddRow(
            "HTTP download (curl)",
            $"{download.Bytes / 1000} kB",
            download.Intact ? Count(0) : Count(1),
            Duration(download.LongestStallMs, download.LongestStallAt)
        );
        table.AddRow(
            "UDP probe, to server",
            $"{probe.Sent} packets",
            Count(probe.LostToServer),
            Duration(probe.ToServer.LongestGapMs, probe.ToServer.LongestGapAt)
        );
        table.AddRow(
            "UDP probe, to client",
            $"{probe.Received} packets, {probe.Duplicated} twice",
            Count(probe.LostToClient),
            Duration(probe.ToClient.LongestGapMs, probe.ToClient.LongestGapAt)
        );
        Screen.Out.Write(table);
        foreach (var loss in longOnes.Losses.Concat(shortOnes.Failures).Take(20))
        {
            Screen.Out.WriteLine($"lost: {loss.Connection} at {loss.At:HH:mm:ss.fff}: {loss.Why}");
        }

        if (download.Why is { } why)
        {
            Screen.Out.WriteLine($"lost: the download: {why}");
        }
    }

    private static string Count(long lost) => lost == 0 ? "[green]0[/]" : $"[red]{lost}[/]";

    private static string Duration(double milliseconds, DateTimeOffset? at) =>
        string.Create(CultureInfo.InvariantCulture, $"{milliseconds:0.0} ms{(at is { } time ? $" at {time:HH:mm:ss.fff}" : "")}");
}
