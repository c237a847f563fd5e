using System.Diagnostics;
using Hitless.Bench.Sessions;
using Hitless.Linux.Conntrack;
using Hitless.Linux.Namespaces;
using Hitless.Linux.Scheduling;

namespace Hitless.Bench.Million;

/// <summary>
/// New sessions on the unit that carries traffic, as long as this lives, and how long the other unit takes to hold them: a probe every 20
/// ms beside a rate that is only work.
/// </summary>
internal sealed class LiveUpdates : IDisposable
{
    private const int First = 3_000_000;
    private const int Probes = 5_000_000;
    private static readonly TimeSpan Lost = TimeSpan.FromSeconds(5);
    private readonly CancellationTokenSource ending = new();
    private readonly List<double> lags = [];
    private readonly Thread[] threads;
    private volatile bool counts;

    public LiveUpdates(string from, string to, int rate)
    {
        threads = [new Thread(() => Work(from, rate)), new Thread(() => Probe(from, to))];
        foreach (var thread in threads)
            thread.Start();
    }

    /// <summary>From now on lags count: before, nobody holds anything on the other side.</summary>
    public void Begin() => counts = true;

    public void End()
    {
        ending.Cancel();
        foreach (var thread in threads)
            thread.Join();
        lags.Sort();
    }

    public string Lags => lags.Count == 0 ? "none" : $"p50 {At(0.5):N1} ms, p99 {At(0.99):N1} ms, most {lags[^1]:N1} ms of {lags.Count}";

    public void Dispose()
    {
        End();
        ending.Dispose();
    }

    private double At(double part) => lags[Math.Min(lags.Count - 1, (int)(lags.Count * part))];

    private void Work(string from, int rate) => NetworkNamespace.Run(from, () =>
        {
            using var table = new ConntrackTable();
            var clock = Stopwatch.StartNew();
            for (var made = 0; !ending.IsCancellationRequested; )
            {
                made += MadeSessions.Fill(table, First + made, (int)(clock.Elapsed.TotalSeconds * rate) - made);
                Thread.Sleep(1);
            }

            return 0;
        });

    private void Probe(string from, string to)
    {
        // What it measures must not be its own turn on a busy machine.
        _ = RealTime.TryEnter(10);
        using var a = NetworkNamespace.Run(from, () => new ConntrackTable());
        using var b = NetworkNamespace.Run(to, () => new ConntrackTable());
        for (var number = 0; !ending.IsCancellationRequested; number++)
        {
            var record = MadeSessions.Session(Probes + number);
            var isCounted = counts;
            a.Put(record with { IsNew = true });
            a.Flush();
            var clock = Stopwatch.StartNew();
            while (!b.TryGet(record.Key, out _) && clock.Elapsed < Lost && !ending.IsCancellationRequested)
                Thread.Sleep(1);
            if (isCounted && !ending.IsCancellationRequested)
                lags.Add(clock.Elapsed.TotalMilliseconds);
            Thread.Sleep(20);
        }
    }
}
