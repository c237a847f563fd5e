using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using Hitless.Core.Api;

namespace Hitless.Cli.Display;

/// <summary>
/// A report as one self-contained HTML page with a timeline. The signed report itself lies in it, so that the page can be verified too.
/// </summary>
internal static class ReportPage
{
    private const string Begin = "<script type=\"application/json\" id=\"report\">";
    private const string End = "</script>";

    private const string Style = """
        body{font:15px/1.5 system-ui,sans-serif;max-width:64rem;margin:2rem auto;padding:0 1rem;color:#1c2430;background:#fff}
        h1{font-size:1.4rem} .verdict{padding:.1rem .6rem;border-radius:1rem;color:#fff}
        .completed{background:#1a7f4b} .rolled-back{background:#a86200} .failed{background:#b3261e}
        table{border-collapse:collapse;width:100%;margin:1rem 0}
        th,td{text-align:left;padding:.25rem .6rem;border-bottom:1px solid #dde3ea;vertical-align:top} th{font-weight:600}
        .bar{position:relative;height:1rem;min-width:14rem;background:#f0f3f7}
        .bar i{position:absolute;top:0;bottom:0;min-width:2px;background:#2f6fb3} .bar i.failed{background:#b3261e}
        dl{display:grid;grid-template-columns:max-content 1fr;gap:.2rem 1rem} dt{color:#5a6675} small{color:#5a6675;overflow-wrap:anywhere}
        @media(prefers-color-scheme:dark){
        body{background:#12161c;color:#dfe6ee} th,td{border-color:#2a323d} .bar{background:#1d242e} dt,small{color:#94a1b2}
        }
        """;

    /// <summary>The page.</summary>
    public static string Write(RunReport report)
    {
        var page = new StringBuilder(
            $"<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" "
                + $"content=\"width=device-width\"><title>Hitless run {Text(report.Run)}</title>\n<style>{Style}</style></head><body>\n"
        );
        page.AppendLine(
            CultureInfo.InvariantCulture,
            $"<h1>Run {Text(report.Run)}: {Text(report.From)} → {Text(report.To)} <span class=\"verdict "
                + $"{Text(report.Verdict.Word)}\">{Text(report.Verdict.Word)}</span></h1>"
        );
        if (report.Reason is { Length: > 0 } reason)
        {
            page.AppendLine(CultureInfo.InvariantCulture, $"<p>{Text(reason)}</p>");
        }

        var sessions = string.Join(
            "<br>",
            SessionWords
                .Of(report.Sessions)
                .Select(line => Text(line.StartsWith("sessions: ", StringComparison.Ordinal) ? line[10..] : line))
        );
        page.AppendLine(
            CultureInfo.InvariantCulture,
            $"""
            <dl><dt>mode</dt><dd>{Text(
                report.Mode
            )}</dd><dt>started</dt><dd>{report.StartedAt.UtcDateTime:u}</dd><dt>took</dt><dd>{Words.Duration(report.DurationMs)}</dd>
            <dt>sessions at the switches</dt><dd>{sessions}</dd>
            <dt>longest gap</dt><dd>{Words.Gap(report)}</dd>{Redundancy(report)}{Rehearsal(report)}</dl>
            """
        );
        AddTraffic(page, report.Traffic);
        AddSteps(page, report);
        AddChanges(page, report.Changes);
        AddTable(
            page,
            "Elections",
            ["epoch", UnitRoleWord.Primary.ToString(), "reason"],
            report.Elections.Select(e => (string[])[$"{e.Epoch}", e.Primary, e.Reason])
        );
        AddTable(page, "Units", ["unit", "before", "after"], report.Units.Select(u => (string[])[u.Name, u.Before, u.After]));
        AddTable(
            page,
            "Operators' words",
            ["at", "word"],
            report.Words.Select(w => (string[])[w.At.UtcDateTime.ToString("u", CultureInfo.InvariantCulture), w.Word])
        );
        page.AppendLine(Seal(report));
        return page.AppendLine(
                CultureInfo.InvariantCulture,
                $"{Begin}{JsonSerializer.Serialize(report, ApiJson.Default.RunReport).Replace("</", "<\\/", StringComparison.Ordinal)}{End}"
            )
            .Append("</body></html>\n")
            .ToString();
    }

    /// <summary>The report in a file, which is a page or the JSON itself; null: there is none.</summary>
    public static RunReport? Read(string text)
    {
        var begin = text.IndexOf(Begin, StringComparison.Ordinal);
        if (begin >= 0)
        {
            begin += Begin.Length;
            var end = text.IndexOf(End, begin, StringComparison.Ordinal);
            text = end > begin ? text[begin..end] : "";
        }

        try
        {
            return JsonSerializer.Deserialize(text, ApiJson.Default.RunReport);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static string Seal(RunReport report) =>
        report.Signature is { } signature
            ? $"<p><small>Signed by the cluster with the key {Text(signature.Key)}. Check this page: hitless upgrade report "
                + $"--verify FILE</small></p>"
            : "<p><small>Not signed: the run has not ended.</small></p>";

    private static string Redundancy(RunReport report) =>
        report.ReadyMin is { } ready ? $"<dt>redundancy</dt><dd>{Words.Redundancy(ready)}</dd>" : "";

    private static string Rehearsal(RunReport report) =>
        report.Baseline is { } baseline ? $"<dt>rehearsal</dt><dd>{Text($"{baseline} (run {baseline.Run})")}</dd>" : "";

    private static void AddTraffic(StringBuilder page, ReportTraffic? traffic)
    {
        if (traffic is null)
        {
            return;
        }

        page.AppendLine(CultureInfo.InvariantCulture, $"<h2>Traffic: {Text(traffic.Verdict.Word)}</h2><p>{Text(traffic.Text)}</p>");
        AddTable(
            page,
            "What the kernels forwarded",
            ["", "packets/s", "least of a second", "new sessions/s", "answered", "lost, by cause"],
            new (string When, ForwardingFigures? Of)[] { ("before", traffic.Before), ("after", traffic.After) }
                .Where(row => row.Of is not null)
                .Select(row =>
                    (string[])
                        [
                            $"{row.When}: {row.Of!.Unit}",
                            $"{row.Of.ForwardedPerSecond:F1}",
                            $"{row.Of.SteadyPerSecond:F1}",
                            $"{row.Of.NewSessionsPerSecond:F1}",
                            row.Of.AnsweredShare is { } share ? $"{share:P0}" : "none were new",
                            string.Join(
                                ", ",
                                row.Of.Losses.Select(loss =>
                                    $"{loss.Cause}{(loss.Interface is null ? "" : $" {loss.Interface}")} {loss.Share:P2}"
                                )
                            ),
                        ]
                )
        );
    }

    private static void AddChanges(StringBuilder page, ReportChanges? changes)
    {
        if (changes is null)
        {
            return;
        }

        page.AppendLine(CultureInfo.InvariantCulture, $"<h2>Before and after</h2><p>{Text(ChangeWords.Sum(changes))}</p>");
        AddTable(
            page,
            "What is otherwise than before the run",
            ["unit", "what", "before", "after", "expected"],
            changes.Found.Select(each =>
                (string[])[each.Unit, each.Name, ChangeWords.Of(each.Before), ChangeWords.Of(each.After), each.Why ?? "no"]
            )
        );
        AddTable(page, "Not compared", ["what, and why"], changes.NotKnown.Select(line => (string[])[line]));
    }

    private static void AddSteps(StringBuilder page, RunReport report)
    {
        page.AppendLine("<h2>Steps</h2><table><tr><th>step</th><th>unit</th><th>took</th><th>timeline</th><th>result</th></tr>");
        var whole = Math.Max(1, report.DurationMs);
        foreach (var step in report.Steps)
        {
            var left = 100 * Math.Clamp((step.StartedAt - report.StartedAt).TotalMilliseconds / whole, 0, 1);
            var width = Math.Min(100 - left, 100 * step.DurationMs / whole);
            page.AppendLine(
                CultureInfo.InvariantCulture,
                $"<tr><td>{Text(step.Name)}</td><td>{Text(step.Unit)}</td><td>{Words.Duration(step.DurationMs)}</td><td><div "
                    + $"class=\"bar\"><i class=\"{Text(step.Result.Word)}\" "
                    + $"style=\"left:{left:F2}%;width:{width:F2}%\"></i></div></td>"
                    + $"<td>{Text(step.Result.Word)}<br><small>{Text(step.Detail)}</small></td></tr>"
            );
        }

        page.AppendLine("</table>");
    }

    private static void AddTable(StringBuilder page, string title, string[] heads, IEnumerable<string[]> rows)
    {
        var all = rows.ToArray();
        if (all.Length > 0)
        {
            page.AppendLine(
                CultureInfo.InvariantCulture,
                $"<h2>{Text(title)}</h2><table><tr>{string.Concat(heads.Select(h => $"<th>{Text(h)}</th>"))}</tr>"
            );
            foreach (var row in all)
            {
                page.AppendLine(CultureInfo.InvariantCulture, $"<tr>{string.Concat(row.Select(cell => $"<td>{Text(cell)}</td>"))}</tr>");
            }

            page.AppendLine("</table>");
        }
    }

    private static string Text(string? text) => WebUtility.HtmlEncode(text ?? "");
}
