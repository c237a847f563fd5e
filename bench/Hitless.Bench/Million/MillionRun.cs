using System.Diagnostics;
using System.Globalization;
using Hitless.Bench.Failover;
using Hitless.Bench.Sessions;
using Hitless.Core.Api;
using Hitless.Lab.Demo;
using Hitless.Lab.Network;
using Hitless.Lab.Units;
using Hitless.Linux.Conntrack;
using Hitless.Linux.Namespaces;

namespace Hitless.Bench.Million;

/// <summary>One folder of programs: fills the table, compares, switches there and back, rests, and lets the standby join anew.</summary>
internal sealed class MillionRun : IDisposable
{
    private const int LiveRate = 1000;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);
    private readonly LabPlan plan;
    private readonly MillionOptions options;
    private readonly HitlessPair pair;
    private readonly ClusterWatch watch;
    private readonly MillionFigures figures;

    public MillionRun(LabPlan plan, MillionOptions options)
    {
        (this.plan, this.options) = (plan, options);
        figures = new MillionFigures(plan.Binaries);
        watch = new ClusterWatch(plan);
        Console.WriteLine($"--- {plan.Binaries}");
        pair = new HitlessPair(plan, "");
    }

    public async Task<MillionFigures> MeasureAsync()
    {
        var primary = await pair.UntilReadyAsync();
        var epoch = watch.Status()!.Epoch;
        TellMemory("resident, empty table");
        Fill(primary);
        TellMemory("resident, full table");
        TellMargin("latest heartbeat so far, after the fill");
        figures["event overruns, frames resent, comparisons and bulks, readings"] = Counters();
        if (options.Wants("diff"))
        {
            figures["sessions diff, the first"] = Diff(primary);
            figures["sessions diff, the second"] = Diff(primary);
        }

        if (options.Wants("switch"))
        {
            foreach (var name in (string[])["switchover", "switchover back"])
            {
                var former = primary;
                primary = await SwitchAsync(primary, name);
                epoch += primary == former ? 0 : 1;
            }
        }

        if (options.Wants("rest"))
            Rest(primary);
        if (options.Wants("join"))
            await JoinAsync(primary);
        TellMemory("resident, in the end");
        var last = watch.Status()!;
        figures["changes of the primary that nobody asked for"] =
            $"{last.Epoch - epoch}{(last.Primary == primary ? "" : $", {last.Primary} instead of {primary}")}";
        return figures;
    }

    public void Dispose()
    {
        if (Environment.GetEnvironmentVariable("HITLESS_LOGS") is { Length: > 0 } logs)
        {
            LabSite.KeepLogs(plan, logs);
        }

        // A table that is cleared entry by entry when its namespace goes keeps the kernel busy for long.
        foreach (var unit in plan.Units.Where(unit => Namespaces.Exists(plan.NamespaceOf(unit))))
        {
            Namespaces.KillAll(plan.NamespaceOf(unit));
            In(unit, table =>
            {
                table.Clear();
                return 0;
            });
        }

        pair.Dispose();
    }

    private string Standby(string primary) => plan.Units.First(unit => unit != primary);

    private void Fill(string primary)
    {
        var clock = Stopwatch.StartNew();
        In(primary, table =>
        {
            var made = 0;
            while (made < options.Sessions)
            {
                var due =
                    options.Rate == 0
                        ? Math.Min(made + 5000, options.Sessions)
                        : Math.Min(options.Sessions, (int)(clock.Elapsed.TotalSeconds * options.Rate));
                if (due == made)
                    Thread.Sleep(1);
                made += MadeSessions.Fill(table, made, due - made);
            }

            return 0;
        });
        var made = clock.Elapsed;
        var held = Await(Standby(primary), options.Sessions);
        figures["made"] = $"{options.Sessions / made.TotalSeconds:N0} a second";
        figures["on the standby"] = $"{held:N0}, {(clock.Elapsed - made).TotalMilliseconds:N0} ms after the last was made";
    }

    private async Task<string> SwitchAsync(string primary, string name)
    {
        var clock = Stopwatch.StartNew();
        var result = watch.Cli(primary).Ask<SwitchoverResult>(out var why, "switchover", "--wait");
        var returned = clock.Elapsed;
        if (result is null)
        {
            figures[$"{name} --wait"] = why;
            return primary;
        }

        await watch.UntilReadyAsync(Patience);
        figures[$"{name} --wait"] =
            $"returned after {returned.TotalMilliseconds:N0} ms; the switch took {result.DurationMs:N0} ms, all ready after "
            + $"{clock.Elapsed.TotalMilliseconds:N0} ms";
        figures[$"sessions diff after {name}"] = Diff(result.Primary);
        TellMargin($"latest heartbeat so far, after {name}");
        return result.Primary;
    }

    private void Rest(string primary)
    {
        Thread.Sleep(options.Quiet);
        var (first, second) = (new UnitLoad(plan, primary), new UnitLoad(plan, Standby(primary)));
        Thread.Sleep(options.Rest);
        figures["at rest, primary"] = first.Since(options.Rest);
        figures["at rest, standby"] = second.Since(options.Rest);
        TellMargin("latest heartbeat so far, after the rest");
    }

    private async Task JoinAsync(string primary)
    {
        var standby = Standby(primary);
        pair.PowerOff(standby);
        await Task.Delay(TimeSpan.FromSeconds(2));
        using var live = new LiveUpdates(plan.NamespaceOf(primary), plan.NamespaceOf(standby), LiveRate);
        await Task.Delay(TimeSpan.FromSeconds(1));
        pair.PowerOn(standby);
        Await(standby, 100);
        var clock = Stopwatch.StartNew();
        live.Begin();
        Await(standby, options.Sessions);
        var all = clock.Elapsed;
        await watch.UntilReadyAsync(Patience);
        var ready = clock.Elapsed;
        // What it does afterwards belongs to the join.
        await Task.Delay(TimeSpan.FromSeconds(5));
        live.End();
        figures["join"] = $"{all.TotalSeconds:N1} s from the first session to the last, ready after {ready.TotalSeconds:N1} s";
        figures[$"lag of live updates meanwhile ({LiveRate:N0} a second)"] = live.Lags;
        TellMargin("latest heartbeat so far, after the join");
    }

    private string Diff(string unit)
    {
        var clock = Stopwatch.StartNew();
        var found = watch.Cli(unit).Ask<SessionDifference>(out var why, "sessions", "diff");
        return found is null
            ? why
            : $"{clock.Elapsed.TotalMilliseconds:N0} ms: {found.Missing} missing, {found.Extra} extra, {found.Different} different "
                + $"of {found.Compared:N0}";
    }

    private void TellMemory(string name) =>
        figures[name] = string.Join(
            ", ",
            plan.Units.Select(unit => string.Create(CultureInfo.InvariantCulture, $"{unit} {new UnitLoad(plan, unit).ResidentMb:N0} MB"))
        );

    private string Counters() =>
        string.Join(
            "; ",
            watch
                .Status()!
                .Units.Where(unit => unit.Replication is not null)
                .Select(unit =>
                    $"{unit.Name} {unit.Replication!.Overruns}, {unit.Replication.Retransmitted}, {unit.Replication.Bulks}, "
                    + $"{unit.Replication.Readings}"
                )
        );

    private void TellMargin(string name) => figures[name] = pair.Margin();

    private long Await(string unit, int sessions) => In(unit, table =>
        {
            var clock = Stopwatch.StartNew();
            long held;
            while ((held = table.Count()) < sessions && clock.Elapsed < Patience)
                Thread.Sleep(5);
            return held;
        });

    private T In<T>(string unit, Func<ConntrackTable, T> work) => NetworkNamespace.Run(plan.NamespaceOf(unit), () =>
        {
            using var table = new ConntrackTable();
            return work(table);
        });
}
