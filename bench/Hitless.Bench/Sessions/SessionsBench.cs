using System.Diagnostics;
using System.Globalization;
using Hitless.Core.Sessions;
using Hitless.Linux.Conntrack;
using Hitless.Linux.Namespaces;
using Hitless.Linux.Netlink;
using Hitless.Linux.Scheduling;

namespace Hitless.Bench.Sessions;

/// <summary>
/// Replication of TCP sessions behind source translation between two namespaces: the kernel's own netlink limits, then Hitless and
/// conntrackd in turn, on
/// <see cref="MadeSessions"/>.
/// </summary>
internal static class SessionsBench
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly int[] Rates = [40_000, 60_000, 80_000, 100_000, 130_000, 160_000];

    public static int Run(string[] arguments)
    {
        var sessions = arguments.Length > 0 ? int.Parse(arguments[0], CultureInfo.InvariantCulture) : 200_000;
        var rate = arguments.Length > 1 ? int.Parse(arguments[1], CultureInfo.InvariantCulture) : 20_000;
        var only = arguments.Length > 2 ? arguments[2] : "";
        Shell.Delete();
        try
        {
            Shell.Make();
            Print("kernel", KernelLimits(sessions));
            foreach (var name in (string[])["hitless", "conntrackd"])
            {
                using var peer = new ReplicationPeer(name);
                Empty();
                peer.StartA();
                peer.StartB();
                if (only is "" or "rate")
                {
                    // The first seconds of a process are not what is asked for.
                    _ = AtRate(peer, rate, 3);
                    Print(name, AtRate(peer, rate, 5));
                }

                if (only is "" or "sustained")
                    Print(name, Sustained(peer));
                if (only is "" or "join")
                    Print(name, Join(peer, sessions));
                if (only is "churn")
                    Churn(
                        peer,
                        sessions,
                        rate,
                        TimeSpan.FromMinutes(arguments.Length > 3 ? int.Parse(arguments[3], CultureInfo.InvariantCulture) : 60)
                    );
            }
        }
        finally
        {
            Shell.Delete();
        }

        return 0;
    }

    private static string KernelLimits(int sessions)
    {
        // The second time is warm.
        _ = In(Shell.A, table => MadeSessions.Fill(table, 0, sessions));
        Empty();
        var insert = In(Shell.A, table => Timed(() => MadeSessions.Fill(table, 0, sessions)));
        var dump = NetworkNamespace.Run(Shell.A, () => Timed(() => CountByDump()));
        var join = insert + dump;
        Empty();
        var followed = NetworkNamespace.Run(Shell.B, () =>
        {
            // Whether anybody listens is one bit for all namespaces of a kernel (netlink_has_listeners): in a lab, a unit that joins pays
            // for the other's events.
            using var listener = new ConntrackEvents();
            return In(Shell.A, table => Timed(() => MadeSessions.Fill(table, 0, sessions)));
        });
        Empty();
        // What a replicated session costs at least: made twice, told once; and a comparison: both tables read.
        var (madeTwice, readBoth) = NetworkNamespace.Run(Shell.A, () =>
        {
            using var listener = new ConntrackEvents();
            return (
                InBoth(host => In(host, table => (long)MadeSessions.Fill(table, 0, sessions))),
                InBoth(host => NetworkNamespace.Run(host, CountByDump))
            );
        });
        Empty();
        return $"insert {sessions / insert.TotalSeconds:N0}/s, dump {sessions / dump.TotalSeconds:N0}/s: dump and insert of "
            + $"{sessions:N0} one after the other {join.TotalMilliseconds:N0} ms, "
            + $"the inserts alone {insert.TotalMilliseconds:N0} ms, {followed.TotalMilliseconds:N0} ms while another namespace listens; "
            + $"in two namespaces at once: insert {sessions / madeTwice.TotalSeconds:N0}/s in each, dump "
            + $"{readBoth.TotalMilliseconds:N0} ms";
    }

    private static string AtRate(ReplicationPeer peer, int rate, int seconds)
    {
        var (cpuA, cpuB) = (ReplicationPeer.Cpu(peer.A!), ReplicationPeer.Cpu(peer.B!));
        var (waitedA, waitedB) = (ReplicationPeer.WaitsForCore(peer.A!), ReplicationPeer.WaitsForCore(peer.B!));
        var lags = new List<double>();
        using var ends = new CancellationTokenSource();
        var probe = new Thread(() => Probe(lags, ends.Token));
        probe.Start();
        Generate(rate, seconds);
        ends.Cancel();
        probe.Join();
        var complete = AwaitEqual();
        var total = rate * seconds;
        var (lostA, lostB) = (ReplicationPeer.WaitedSince(peer.A!, waitedA), ReplicationPeer.WaitedSince(peer.B!, waitedB));
        var (sender, receiver) = (ReplicationPeer.Cpu(peer.A!) - cpuA, ReplicationPeer.Cpu(peer.B!) - cpuB);
        lags.Sort();
        Empty();
        return $"{rate:N0}/s for {seconds} s: CPU per 100,000 sessions sender {sender.TotalSeconds * 100_000 / total:N2} s, receiver "
            + $"{receiver.TotalSeconds * 100_000 / total:N2} s; "
            + $"lag p50 {Percentile(lags, 0.5):N1} ms, p99 {Percentile(lags, 0.99):N1} ms of {lags.Count}; waited for a core "
            + $"{lostA.TotalMilliseconds / seconds:N0} and {lostB.TotalMilliseconds / seconds:N0} ms a second; "
            + $"{(complete ? "all there" : "NOT all there")}";
    }

    private static string Sustained(ReplicationPeer peer)
    {
        var best = 0;
        var reached = 0.0;
        foreach (var rate in Rates)
        {
            reached = Generate(rate, 1.5);
            var complete = AwaitEqual();
            Empty();
            if (!complete)
                return $"sustained without loss: {best:N0}/s; at {rate:N0}/s sessions are missing";
            best = rate;
            if (reached < rate * 0.95)
                break;
        }

        return $"sustained without loss: the generator's limit, {reached:N0}/s";
    }

    private static string Join(ReplicationPeer peer, int sessions)
    {
        ReplicationPeer.Stop(peer.B);
        In(Shell.A, table => MadeSessions.Fill(table, 0, sessions));
        Empty(Shell.B);
        Thread.Sleep(1000);
        var (cpuA, memoryBefore) = (ReplicationPeer.Cpu(peer.A!), ReplicationPeer.MemoryMb(peer.A!.Id));
        peer.StartB();
        if (peer.Name == "hitless")
        {
            // It has fetched them while it started: ask again with an empty table.
            AwaitEqual();
            Empty(Shell.B);
            ReplicationPeer.Stop(peer.B);
        }

        var clock = Stopwatch.StartNew();
        if (peer.Name == "hitless")
            ThreadPool.QueueUserWorkItem(_ => peer.StartB());
        else
            peer.Fetch();
        var start = peer.Name == "hitless" ? AwaitCount(1) : TimeSpan.Zero;
        var complete = AwaitEqual();
        var took = clock.Elapsed - start;
        Thread.Sleep(1200);
        var text =
            $"join with {sessions:N0}: {took.TotalMilliseconds:N0} ms from the "
            + $"{(peer.Name == "hitless" ? "first session" : "request")} to the last{(complete ? "" : " (NOT all there)")}; "
            + $"memory sender {memoryBefore:N0} MB, {ReplicationPeer.MemoryMb(peer.A!.Id):N0} MB after, receiver "
            + $"{ReplicationPeer.MemoryMb(peer.B!.Id):N0} MB; sender's CPU for it "
            + $"{(ReplicationPeer.Cpu(peer.A!) - cpuA).TotalSeconds:N2} s";
        Empty();
        return text;

        TimeSpan AwaitCount(int count)
        {
            using var b = NetworkNamespace.Run(Shell.B, () => new ConntrackTable());
            while (b.Count() <= count + 2 && clock.Elapsed < Patience)
                Thread.Sleep(1);
            return clock.Elapsed;
        }
    }

    /// <summary>A full table in which sessions end and begin at a rate; the memory of both, ten times in all.</summary>
    private static void Churn(ReplicationPeer peer, int sessions, int rate, TimeSpan duration) => In(Shell.A, table =>
        {
            MadeSessions.Fill(table, 0, sessions);
            AwaitEqual();
            MadeSessions.Churn(table, sessions, rate, duration, elapsed =>
                Print(
                    peer.Name,
                    $"churn of {rate:N0}/s in {sessions:N0} for {elapsed.TotalMinutes:N1} min: memory sender "
                        + $"{ReplicationPeer.MemoryMb(peer.A!.Id):N1} MB, receiver {ReplicationPeer.MemoryMb(peer.B!.Id):N1} MB"
                )
            );
            Print(peer.Name, AwaitEqual() ? "all there" : "NOT all there");
            return 0;
        });

    private static double Generate(int rate, double seconds) =>
        In(Shell.A, table => MadeSessions.FillAt(table, 0, (int)(rate * seconds), rate));

    /// <summary>Every 20 ms a session of its own: how long until the other side holds it?</summary>
    private static void Probe(List<double> lags, CancellationToken ends)
    {
        // What it measures must not be its own turn on a busy machine.
        _ = RealTime.TryEnter(10);
        using var a = NetworkNamespace.Run(Shell.A, () => new ConntrackTable());
        using var b = NetworkNamespace.Run(Shell.B, () => new ConntrackTable());
        for (var number = 1; !ends.IsCancellationRequested; number++)
        {
            var record = MadeSessions.Session(900_000 + number);
            a.Put(record with { IsNew = true });
            a.Flush();
            var clock = Stopwatch.StartNew();
            while (!b.TryGet(record.Key, out _) && clock.Elapsed < TimeSpan.FromSeconds(5))
                Thread.Sleep(1);
            lags.Add(clock.Elapsed.TotalMilliseconds);
            Thread.Sleep(20);
        }
    }

    private static double Percentile(List<double> sorted, double part) =>
        sorted.Count == 0 ? double.NaN : sorted[Math.Min(sorted.Count - 1, (int)(sorted.Count * part))];

    private static bool AwaitEqual()
    {
        // Cheap, since what is measured needs the processors meanwhile.
        using var a = NetworkNamespace.Run(Shell.A, () => new ConntrackTable());
        using var b = NetworkNamespace.Run(Shell.B, () => new ConntrackTable());
        var clock = Stopwatch.StartNew();
        while (clock.Elapsed < TimeSpan.FromSeconds(10))
        {
            if (Math.Abs(a.Count() - b.Count()) <= 4)
                return true;
            Thread.Sleep(5);
        }

        return false;
    }

    private static void Empty()
    {
        Empty(Shell.A);
        Thread.Sleep(1000);
        Empty(Shell.B);
        Thread.Sleep(500);
    }

    private static void Empty(string host) => In(host, table =>
        {
            table.Clear();
            return 0;
        });

    internal static long CountByDump()
    {
        using var dump = new ConntrackDump();
        var count = 0L;
        while (dump.Receive(out var reader) == NetlinkReceive.Data)
        {
            while (reader.TryNext(out _, out _))
                count++;
            if (reader.Done)
                break;
        }

        return count;
    }

    private static T In<T>(string host, Func<ConntrackTable, T> work) => NetworkNamespace.Run(host, () =>
        {
            using var table = new ConntrackTable();
            return work(table);
        });

    /// <summary>Until both are done.</summary>
    private static TimeSpan InBoth(Func<string, long> work) =>
        Timed(() => ((string[])[Shell.A, Shell.B]).AsParallel().WithDegreeOfParallelism(2).Select(work).Sum());

    private static TimeSpan Timed<T>(Func<T> work)
    {
        var clock = Stopwatch.StartNew();
        work();
        return clock.Elapsed;
    }

    private static void Print(string who, string what) => Console.WriteLine($"{who, -10} {what}");
}
