using System.Globalization;
using System.Text;
using Hitless.Bench.Failover;

namespace Hitless.Bench.Compare;

/// <summary>What was measured, a row for each claim and a column for each product: README's table, and the first of the page.</summary>
internal sealed class CompareTable(IReadOnlyList<FailoverCase> cases, IReadOnlyList<ReplicationFigures> replication)
{
    private const string Begin = "<!-- ./dev bench compare -->";
    private const string End = "<!-- end of compare -->";
    private const string NotMeasured = "not measured";

    /// <summary>What happens, the peer's figures, ours.</summary>
    public IEnumerable<(string What, string Rival, string Ours)> Rows()
    {
        foreach (var events in cases.GroupBy(one => one.Event))
        {
            var measure = events.Key == FailoverEvent.Planned ? "longest gap" : "outage";
            var n = events.Max(one => one.Samples.Count);
            yield return (
                Invariant($"{Words(events.Key)}: {measure} (n = {n})"),
                Cell(events.First(one => one.Product == FailoverBench.Rival)),
                Cell(events.First(one => one.Product == FailoverBench.Ours))
            );
        }

        var (rival, ours) = (Of(FailoverBench.Rival), Of(FailoverBench.Ours));
        if (rival is null && ours is null)
            yield break;
        yield return Pair("processor time for 100,000 new sessions, 10,000 a second: primary, standby", each =>
            Invariant($"{each.PrimarySeconds:F2} s, {each.StandbySeconds:F2} s")
        );
        yield return Pair("new sessions a second, none missing on the standby", each =>
            Invariant($"{each.PerSecond:N0}{(each.GeneratorEnded ? ", where the generator ended" : "")}")
        );
        yield return Pair(
            Invariant($"a standby without power holds {ReplicationCase.Sessions:N0} sessions again, its start included"),
            each => Invariant($"after {each.JoinSeconds:F1} s")
        );
        yield return Pair(Invariant($"memory of the daemons with {ReplicationCase.Sessions:N0} sessions: primary, standby"), each =>
            Invariant($"{each.PrimaryMb:F0} MB, {each.StandbyMb:F0} MB")
        );

        (string, string, string) Pair(string what, Func<ReplicationFigures, string> cell) =>
            (what, rival is null ? NotMeasured : cell(rival), ours is null ? NotMeasured : cell(ours));
    }

    /// <summary>The table, with what it was measured on below it.</summary>
    public string ToMarkdown(string surroundings)
    {
        var text = new StringBuilder("| | keepalived + conntrackd | Hitless |\n| --- | --- | --- |\n");
        foreach (var (what, rival, ours) in Rows())
            text.Append($"| {what} | {rival} | {ours} |\n");
        return text.Append($"\n{surroundings}\n").ToString();
    }

    /// <summary>Puts it in place of what stands between the two marks of a page; false where a page has none.</summary>
    public bool PutInto(string page, string surroundings)
    {
        var text = File.ReadAllText(page);
        var (begin, end) = (text.IndexOf(Begin, StringComparison.Ordinal), text.IndexOf(End, StringComparison.Ordinal));
        if (begin < 0 || end < begin)
            return false;
        File.WriteAllText(page, $"{text[..begin]}{Begin}\n\n{ToMarkdown(surroundings)}\n{text[end..]}");
        return true;
    }

    private static string Cell(FailoverCase one)
    {
        if (one.Samples.Count == 0)
            return NotMeasured;
        double[] times = [.. one.Samples.Select(sample => one.Event == FailoverEvent.Planned ? sample.GapMs : sample.OutageMs).Order()];
        var asked = one.Samples.Sum(sample => sample.Connections);
        var kept = asked - one.Samples.Sum(sample => sample.ConnectionsLost);
        var median = FailoverBench.Quantile(times, 0.5);
        var packets = one.Samples.Sum(sample => sample.PacketsLost);
        return Invariant($"median {median:N0} ms, worst {times[^1]:N0} ms; {packets:N0} {(packets == 1 ? "packet" : "packets")} lost; ")
            + Invariant($"{kept:N0} of {asked:N0} connections kept");
    }

    private static string Words(FailoverEvent happens) =>
        happens == FailoverEvent.Planned ? "planned switch"
        : happens == FailoverEvent.Freeze ? $"all daemons of the primary {happens.Name}"
        : happens.Name;

    private ReplicationFigures? Of(string product) => replication.FirstOrDefault(each => each.Product == product);

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
