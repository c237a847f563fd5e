using System.Diagnostics;
using Hitless.Lab.Network;
using Hitless.Lab.Tools;
using Hitless.Lab.Units;

namespace Hitless.Bench.Failover;

/// <summary>What happens to a pair while traffic flows, and how it is mended. <c>Strike</c> gives back what it counted, in words.</summary>
internal sealed record FailoverEvent(string Name, Func<IGatewayPair, string, Task<string>> Strike, Action<IGatewayPair, string> Mend)
{
    private const int Restarts = 50;
    private static readonly TimeSpan FrozenFor = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan BackLimit = TimeSpan.FromSeconds(15);

    /// <summary>An operator moves the traffic.</summary>
    public static FailoverEvent Planned { get; } =
        new(
            "planned",
            async (pair, primary) =>
            {
                await pair.SwitchAsync(primary);
                return "";
            },
            (pair, primary) => pair.PowerOn(primary)
        );

    /// <summary>The primary loses its power.</summary>
    public static FailoverEvent PowerOff { get; } =
        new("power-off", (pair, primary) => Now(() => pair.PowerOff(primary)), (pair, primary) => pair.PowerOn(primary));

    /// <summary>Somebody pulls the primary's lan cable.</summary>
    public static FailoverEvent LinkPull { get; } =
        new(
            "lan cable pulled",
            (pair, primary) => Now(() => Faults.SetCables(new LabUnit(pair.Plan, primary), ["lan0"], up: false)),
            (pair, primary) => Faults.SetCables(new LabUnit(pair.Plan, primary), ["lan0"], up: true)
        );

    /// <summary>
    /// SIGSTOP of every process of the primary for five seconds; its kernel forwards on. What its kernel says of the virtual address around
    /// the thaw is captured on its cable.
    /// </summary>
    public static FailoverEvent Freeze { get; } = new("frozen for 5 s", FreezeAsync, (_, _) => { });

    /// <summary>The primary's daemon is killed again and again; something starts it again each time.</summary>
    public static FailoverEvent Restart { get; } = new($"daemon killed {Restarts} times", RestartAsync, (_, _) => { });

    /// <summary>
    /// Nothing happens but work: other programs keep every processor busy, and new sessions come all the time. Nobody may take over.
    /// </summary>
    public static FailoverEvent Busy(BenchOptions options) =>
        new($"busy for {options.BusySeconds} s", (pair, _) => BusyAsync(pair, options), (_, _) => { });

    private static async Task<string> BusyAsync(IGatewayPair pair, BenchOptions options)
    {
        var before = pair.Reign();
        foreach (var unit in pair.Plan.Units)
        {
            // Else the table is full in no time.
            Tool.Run(
                "ip",
                ["netns", "exec", pair.Plan.NamespaceOf(unit), "sysctl", "-q", "-w", "net.netfilter.nf_conntrack_udp_timeout=4"]
            );
        }

        var loops = Enumerable
            .Range(0, Environment.ProcessorCount)
            .Select(_ => Tool.Start("sh", ["-c", "while :; do :; done"], redirectInput: false))
            .ToArray();
        var opened = 0L;
        try
        {
            var since = Stopwatch.StartNew();
            while (since.Elapsed < TimeSpan.FromSeconds(options.BusySeconds))
            {
                var part = options.BusySessions / 10;
                BackgroundFlows.Open(pair.Plan, part, opened);
                opened += part;
                var ahead = TimeSpan.FromSeconds((double)opened / options.BusySessions) - since.Elapsed;
                await Task.Delay(ahead > TimeSpan.Zero ? ahead : TimeSpan.Zero);
            }
        }
        finally
        {
            foreach (var loop in loops)
            {
                loop.Kill();
                loop.Dispose();
            }
        }

        var after = pair.Reign();
        return $"{(before == after ? $"{after} all the time" : $"FALSE TAKEOVER: from {before} to {after}")}, "
            + $"{opened / options.BusySeconds:N0} new sessions/s; {pair.Margin()}";
    }

    private static Task<string> Now(Action act)
    {
        act();
        return Task.FromResult("");
    }

    private static async Task<string> FreezeAsync(IGatewayPair pair, string primary)
    {
        var unit = new LabUnit(pair.Plan, primary);
        Faults.Freeze(unit, frozen: true);
        await Task.Delay(FrozenFor - TimeSpan.FromSeconds(1));
        using var capture = Tool.Start(
            "ip",
            [
                "netns",
                "exec",
                pair.Plan.NamespaceOf(LabPlan.Switch),
                "tcpdump",
                "-l",
                "-nn",
                "-Q",
                "in",
                "-i",
                LabPlan.SwitchPort("lan0", primary),
                $"arp src host {Addresses.VirtualLan}",
            ],
            redirectInput: false
        );
        _ = await capture.StandardError.ReadLineAsync();
        await AskForAddressAsync(pair.Plan, times: 5, TimeSpan.FromMilliseconds(180));
        Faults.Freeze(unit, frozen: false);
        await AskForAddressAsync(pair.Plan, times: 10, TimeSpan.FromMilliseconds(200));
        Namespaces.Signal(Namespaces.Processes(pair.Plan.NamespaceOf(LabPlan.Switch)), "INT");
        var said = await capture.StandardOutput.ReadToEndAsync();
        return $"{said.Split('\n').Count(line => line.Contains("ARP", StringComparison.Ordinal))} ARP frames of the frozen unit for "
            + $"the address from 4 s on";
    }

    /// <summary>The client forgets who has the gateway's address, so that whoever believes to have it answers.</summary>
    private static async Task AskForAddressAsync(LabPlan plan, int times, TimeSpan pause)
    {
        for (var i = 0; i < times; i++)
        {
            _ = Tool.Try("ip", ["-n", plan.NamespaceOf(LabPlan.Client), "neigh", "del", Addresses.VirtualLan, "dev", "eth0"]);
            await Task.Delay(pause);
        }
    }

    private static async Task<string> RestartAsync(IGatewayPair pair, string primary)
    {
        var before = pair.Reign();
        var slowest = TimeSpan.Zero;
        for (var i = 0; i < Restarts; i++)
        {
            var since = Stopwatch.GetTimestamp();
            pair.KillDaemon(primary);
            while (!pair.IsBack(primary))
            {
                if (Stopwatch.GetElapsedTime(since) > BackLimit)
                {
                    throw new LabException($"the daemon of {primary} did not come back", $"look into {pair.Plan.Folder}");
                }

                await Task.Delay(50);
            }

            slowest = Stopwatch.GetElapsedTime(since) > slowest ? Stopwatch.GetElapsedTime(since) : slowest;
            await Task.Delay(300);
        }

        var after = pair.Reign();
        return $"{(before == after ? $"{after} all the time" : $"from {before} to {after}")}, back after "
            + $"{slowest.TotalMilliseconds:F0} ms at most";
    }
}
