using System.Globalization;
using System.Net;
using System.Text;
using Hitless.Bench.Failover;

namespace Hitless.Bench.Compare;

/// <summary>What was measured, as one page without anything from elsewhere.</summary>
internal sealed class ComparePage(IReadOnlyList<FailoverCase> cases, CompareTable table, Course course)
{
    // The chart: outages from a millisecond to ten seconds, each tenfold as wide as the one before.
    private const int Left = 190;
    private const int Decade = 150;
    private const int Decades = 4;
    private const int RowHeight = 26;

    private IEnumerable<IGrouping<string, FailoverCase>> Events =>
        cases.Where(one => one.Samples.Count > 0).GroupBy(one => one.Event.Name, StringComparer.Ordinal);

    /// <summary>The page.</summary>
    public string ToHtml()
    {
        var text = new StringBuilder(Head);
        var options = course.Options;
        text.Append("<h1>Hitless beside keepalived + conntrackd</h1>");
        text.Append(Invariant($"<p>Two gateways in network namespaces of one machine, the same traffic through both products in turn: "));
        text.Append(Invariant($"{options.Connections} TCP connections, {options.NewPerSecond} new ones a second, a download, and "));
        text.Append(Invariant($"{options.Probes} UDP packets a second each way. An outage is the packets that did not arrive, as time. "));
        text.Append("Timers at their defaults: keepalived announces each second, Hitless every 20 ms; conntrackd with large buffers ");
        text.Append("and direct injection, which replicates most.</p>");
        text.Append("<div class=\"wide\"><table class=\"claims\"><tr><th><th>keepalived + conntrackd<th>Hitless</tr>");
        foreach (var (what, rival, ours) in table.Rows())
            text.Append($"<tr><td>{WebUtility.HtmlEncode(what)}<td>{WebUtility.HtmlEncode(rival)}<td>{WebUtility.HtmlEncode(ours)}</tr>");
        text.Append("</table></div>");
        Chart(text);
        text.Append("<h2>Figures</h2><div class=\"wide\"><table><tr><th>What happens<th>Product<th>n<th>Outage, median<th>Worst");
        text.Append("<th>Packets lost<th>Connections kept</tr>");
        foreach (var row in Rows())
            text.Append($"<tr><td>{string.Join("<td>", row.Select(WebUtility.HtmlEncode))}</tr>");
        text.Append("</table></div>");
        Machine(text);
        return text.Append("</body></html>\n").ToString();
    }

    private IEnumerable<string[]> Rows()
    {
        foreach (var one in Events.SelectMany(each => each))
        {
            double[] outages = [.. one.Samples.Select(sample => sample.OutageMs).Order()];
            var asked = one.Samples.Sum(sample => sample.Connections);
            yield return
            [
                one.Event.Name,
                one.Product,
                Invariant($"{outages.Length}"),
                Invariant($"{FailoverBench.Quantile(outages, 0.5):N0} ms"),
                Invariant($"{outages[^1]:N0} ms"),
                Invariant($"{one.Samples.Sum(sample => sample.PacketsLost):N0}"),
                Invariant($"{asked - one.Samples.Sum(sample => sample.ConnectionsLost):N0} of {asked:N0}"),
            ];
        }
    }

    private void Chart(StringBuilder text)
    {
        var rows = Events.SelectMany(each => each).ToArray();
        var height = (rows.Length * RowHeight) + 40;
        text.Append("<h2>Outages, each of them</h2><div class=\"wide\">");
        text.Append(Invariant($"<svg viewBox=\"0 0 {Left + (Decades * Decade) + 70} {height}\" role=\"img\" "));
        text.Append("aria-label=\"Outages by event and product; the table below has the figures\">");
        for (var decade = 0; decade <= Decades; decade++)
        {
            var x = Left + (decade * Decade);
            var label = decade == 0 ? "0 to 1 ms" : Invariant($"{Math.Pow(10, decade):N0} ms");
            text.Append(Invariant($"<line class=\"axis\" x1=\"{x}\" x2=\"{x}\" y1=\"0\" y2=\"{height - 24}\"/>"));
            text.Append(Invariant($"<text x=\"{x}\" y=\"{height - 8}\" text-anchor=\"middle\">{label}</text>"));
        }

        foreach (var (index, one) in rows.Index())
        {
            var y = (index * RowHeight) + 14;
            var kind = one.Product == FailoverBench.Ours ? "ours" : "rival";
            if (index == 0 || rows[index - 1].Event != one.Event)
                text.Append(Invariant($"<text x=\"0\" y=\"{y + 5}\">{WebUtility.HtmlEncode(one.Event.Name)}</text>"));
            foreach (var sample in one.Samples)
            {
                var x = Left + (Decade * Math.Clamp(Math.Log10(Math.Max(1, sample.OutageMs)), 0, Decades));
                text.Append(Invariant($"<circle class=\"{kind}\" cx=\"{x:F1}\" cy=\"{y}\" r=\"6\"><title>{one.Product}: "));
                text.Append(Invariant($"{sample.OutageMs:F0} ms</title></circle>"));
            }
        }

        text.Append(
            "</svg></div><p><span class=\"key ours\"></span> Hitless <span class=\"key rival\"></span> keepalived + conntrackd</p>"
        );
    }

    private void Machine(StringBuilder text)
    {
        var (before, after, _) = course;
        text.Append("<h2>Where, when, how</h2><dl>");
        foreach (
            var (name, value) in new[]
            {
                ("Measured", Invariant($"{before.At.UtcDateTime:u} to {after.At.UtcDateTime:u}")),
                ("Processor", Invariant($"{before.Cores} × {before.Processor}")),
                ("Kernel", before.Kernel),
                ("Load of the minute before, and at the end", $"{before.Load}, {after.Load}"),
                ("Hitless", before.Ours),
                ("Beside it", before.Rival),
                ("Again", course.Command),
            }
        )
            text.Append($"<dt>{WebUtility.HtmlEncode(name)}<dd>{WebUtility.HtmlEncode(value)}");
        text.Append("</dl>");
    }

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    private const string Head = """
        <!doctype html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width">
        <title>Hitless beside keepalived + conntrackd</title>
        <style>
        :root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
        body { max-width: 70rem; margin: 2rem auto; padding: 0 1rem; }
        .wide { overflow-x: auto; }
        table { border-collapse: collapse; width: 100%; }
        th, td { text-align: left; padding: .35rem .7rem; border-bottom: 1px solid #8886; white-space: nowrap; }
        th:nth-child(n+3), td:nth-child(n+3) { text-align: right; font-variant-numeric: tabular-nums; }
        .claims { min-width: 46rem; }
        .claims td, .claims th:nth-child(n+3), .claims td:nth-child(n+3) { white-space: normal; text-align: left; }
        svg { min-width: 46rem; width: 100%; font: 14px system-ui, sans-serif; fill: currentColor; }
        .axis { stroke: #8886; }
        .ours { fill: light-dark(#0b6bcb, #5cb0ff); background: light-dark(#0b6bcb, #5cb0ff); fill-opacity: .75; }
        .rival { fill: light-dark(#b3541e, #ffa066); background: light-dark(#b3541e, #ffa066); fill-opacity: .75; }
        .key { display: inline-block; width: .8em; height: .8em; border-radius: 50%; margin-left: 1em; }
        dt { font-weight: 600; } dd { margin: 0 0 .5rem; }
        </style>
        </head>
        <body>

        """;
}
