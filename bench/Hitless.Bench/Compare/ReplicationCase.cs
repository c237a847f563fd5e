using System.Diagnostics;
using Hitless.Bench.Failover;
using Hitless.Bench.Million;
using Hitless.Bench.Sessions;
using Hitless.Lab.Network;
using Hitless.Lab.Tools;
using Hitless.Linux.Conntrack;
using Hitless.Linux.Namespaces;

namespace Hitless.Bench.Compare;

/// <summary>
/// A pair of gateways in whose primary sessions are made over netlink (<see cref="MadeSessions"/>): what its daemons use for them, how long
/// a standby that had no power takes to hold all of them, and how many a second arrive without loss.
/// </summary>
internal sealed class ReplicationCase(string product, Func<IGatewayPair> make)
{
    /// <summary>How many there are before the memory is read and the standby joins.</summary>
    public const int Sessions = 200_000;

    private const int Measured = 100_000;
    private const int Steady = 10_000;
    private const double RateSeconds = 1.5;
    private static readonly int[] Rates = [20_000, 30_000, 40_000, 50_000, 60_000, 80_000, 100_000];
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Settle = TimeSpan.FromSeconds(3);

    /// <summary>The figures; a pair that does not replicate is an error with its reason.</summary>
    public async Task<ReplicationFigures> MeasureAsync()
    {
        using var limit = new TableLimit(Sessions + (int)(Rates.Sum() * RateSeconds));
        using var pair = make();
        var primary = await pair.UntilReadyAsync();
        var standby = pair.Plan.Units.First(unit => unit != primary);
        var (from, to) = (pair.Plan.NamespaceOf(primary), pair.Plan.NamespaceOf(standby));
        await Task.Delay(Settle);

        var (mine, theirs) = (new DaemonsOf(from), new DaemonsOf(to));
        Make(from, first: 0, Measured, Steady);
        Await(to, first: 0, Measured);
        var (sender, receiver) = (mine.Seconds(), theirs.Seconds());
        Make(from, Measured, Sessions - Measured, Steady);
        Await(to, Measured, Sessions - Measured);
        var (senderMb, receiverMb) = (mine.Megabytes(), theirs.Megabytes());

        var join = await JoinAsync(pair, standby, to);
        _ = await pair.UntilReadyAsync();
        await Task.Delay(Settle);
        var (best, ended) = Sustained(from, to);
        return new ReplicationFigures(product, sender, receiver, join.TotalSeconds, senderMb, receiverMb, best, ended);
    }

    private async Task<TimeSpan> JoinAsync(IGatewayPair pair, string standby, string host)
    {
        pair.PowerOff(standby);
        In(host, table => table.Clear());
        var clock = Stopwatch.StartNew();
        var booting = Task.Run(() => pair.PowerOn(standby));
        Await(host, first: 0, Sessions);
        var took = clock.Elapsed;
        await booting;
        return took;
    }

    private static (int Best, bool Ended) Sustained(string from, string to)
    {
        var (best, first) = (0, Sessions);
        foreach (var rate in Rates)
        {
            var count = (int)(rate * RateSeconds);
            var reached = Make(from, first, count, rate);
            if (!Arrived(to, first, count, TimeSpan.FromSeconds(10)))
                return (best, false);
            first += count;
            best = (int)Math.Min(rate, reached);
            if (reached < rate * 0.95)
                return (best, true);
        }

        return (best, true);
    }

    private void Await(string host, int first, int count)
    {
        if (!Arrived(host, first, count, Patience))
        {
            throw new LabException(
                $"{product} did not replicate {count:N0} sessions within {Patience.TotalSeconds} s",
                "measure it once more on a quiet machine"
            );
        }
    }

    /// <summary>Whether all of them come to be there. How many there are tells when it is worth to ask for each.</summary>
    private static bool Arrived(string host, int first, int count, TimeSpan patience)
    {
        var clock = Stopwatch.StartNew();
        using var table = NetworkNamespace.Run(host, () => new ConntrackTable());
        while (clock.Elapsed < patience)
        {
            if (table.Count() >= first + count && Enumerable.Range(first, count).All(each => Holds(table, each)))
                return true;
            Thread.Sleep(10);
        }

        return false;
    }

    private static bool Holds(ConntrackTable table, int number) => table.TryGet(MadeSessions.Session(number).Key, out _);

    private static double Make(string host, int first, int count, int rate)
    {
        var reached = 0.0;
        In(host, table => reached = MadeSessions.FillAt(table, first, count, rate));
        return reached;
    }

    private static void In(string host, Action<ConntrackTable> work) => NetworkNamespace.Run(host, () =>
        {
            using var table = new ConntrackTable();
            work(table);
        });
}
