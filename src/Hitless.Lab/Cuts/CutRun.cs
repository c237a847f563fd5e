using System.Diagnostics;
using Hitless.Core.Api;
using Hitless.Core.Cluster;
using Hitless.Lab.Demo;
using Hitless.Lab.Network;
using Hitless.Lab.Tools;
using Hitless.Lab.Traffic;
using Hitless.Lab.Units;

namespace Hitless.Lab.Cuts;

/// <summary>Cuts something in a lab that is ready, under traffic, mends it again, and judges what the cluster made of it.</summary>
public sealed class CutRun(LabPlan plan, CutCase cut)
{
    private const int Group = 7;
    private static readonly TimeSpan ReadyLimit = TimeSpan.FromSeconds(90);
    private static readonly TimeSpan MoveLimit = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan Hold = TimeSpan.FromSeconds(3);

    /// <summary>After healing there is one primary within this.</summary>
    private static readonly TimeSpan OnePrimaryLimit = TimeSpan.FromSeconds(1);
    private readonly ClusterWatch watch = new(plan);

    /// <summary>The whole of it; the lab is as before afterwards.</summary>
    public async Task<CutOutcome> RunAsync(CancellationToken cancellation)
    {
        var before = await watch.UntilReadyAsync(ReadyLimit, cancellation);
        var primary = new LabUnit(plan, before.Primary!);
        var standby = new LabUnit(plan, plan.Units.First(unit => unit != primary.Name));
        using var traffic = await TrafficRun.StartAsync(plan, connections: 100, ratePerSecond: 30);
        await traffic.WaitUntilStandingAsync(ReadyLimit, cancellation);
        await Task.Delay(Hold, cancellation);
        var (during, why) = await CutAsync(primary, standby, cancellation);
        var healed = DateTimeOffset.UtcNow;
        var since = Stopwatch.GetTimestamp();
        cut.Heal(primary, standby);
        var after = await watch.UntilReadyAsync(ReadyLimit, cancellation);
        var ready = Stopwatch.GetElapsedTime(since).TotalMilliseconds;
        await Task.Delay(Hold, cancellation);
        var right = NeighboursRight(after.Primary!);
        var report = await traffic.FinishAsync();
        var stepsDown = StepDownAfter(healed);
        why ??=
            !right ? "a switch or a host still looks for the addresses elsewhere"
            : stepsDown > OnePrimaryLimit.TotalMilliseconds ? "two primaries for too long after the healing"
            : report.ConnectionsLost > 0 ? report.Long.Losses.Concat(report.Short.Failures).FirstOrDefault()?.Why ?? report.Download.Why
            : null;
        return new CutOutcome(
            cut.Name,
            why is null,
            during,
            report.LongestGapMs,
            report.PacketsLost,
            report.ConnectionsLost,
            stepsDown,
            Math.Round(ready),
            right,
            why ?? ""
        );
    }

    private async Task<(string During, string? Why)> CutAsync(LabUnit primary, LabUnit standby, CancellationToken cancellation)
    {
        cut.Cut(primary, standby);
        string? why = null;
        try
        {
            if (cut.Expected is CutExpectation.Moves or CutExpectation.Splits)
            {
                await watch.UntilAsync(
                    $"{standby.Name} is primary",
                    MoveLimit,
                    seen =>
                        RoleOf(seen, standby.Name) == UnitRoleWord.Primary.Word ? null : $"{standby.Name} is {RoleOf(seen, standby.Name)}.",
                    cancellation
                );
            }

            await Task.Delay(Hold, cancellation);
        }
        catch (LabException notMoved)
        {
            why = notMoved.Message;
        }

        var carrying = plan
            .Units.Where(unit => watch.Status(unit, out _)?.Units.FirstOrDefault(each => each.Name == unit)?.Role == UnitRoleWord.Primary)
            .ToArray();
        why ??= cut.Expected switch
        {
            CutExpectation.Stays when carrying is not [var one] || one != primary.Name => "the primary should have stayed",
            CutExpectation.StandbyAlone when !carrying.Contains(primary.Name, StringComparer.Ordinal) => "the primary should have stayed",
            CutExpectation.Splits when carrying.Length != 2 => "both should carry the traffic that reaches them",
            _ => null,
        };
        return (string.Join(" + ", carrying), why);
    }

    private static string RoleOf(IReadOnlyDictionary<string, ClusterStatus?> seen, string unit) =>
        seen[unit]?.Units.First(each => each.Name == unit).Role.Word ?? "silent";

    /// <summary>Switches send the virtual MACs to the primary, and both hosts know no other for the virtual addresses.</summary>
    private bool NeighboursRight(string primary)
    {
        var bridges = Tool.Run("bridge", ["-n", plan.NamespaceOf(LabPlan.Switch), "fdb"]);
        var client = Tool.Run("ip", ["-n", plan.NamespaceOf(LabPlan.Client), "neigh"]);
        var server = Tool.Run("ip", ["-n", plan.NamespaceOf(LabPlan.Server), "neigh"]);
        var ids = VirtualMacIds.Of([("lan0", null), ("wan0", null)]);
        var (lan, wan) = (VirtualMac.For(Group, ids[0]), VirtualMac.For(Group, ids[1]));
        return bridges.Contains($"{lan} dev {LabPlan.SwitchPort("lan0", primary)} ", StringComparison.Ordinal)
            && bridges.Contains($"{wan} dev {LabPlan.SwitchPort("wan0", primary)} ", StringComparison.Ordinal)
            && Knows(client, Addresses.VirtualLan, lan)
            && Knows(client, Addresses.VirtualLan6, lan)
            && Knows(server, Addresses.VirtualWan, wan)
            && Knows(server, Addresses.VirtualWan6, wan);
    }

    private static bool Knows(string neighbours, string address, MacAddress mac) =>
        neighbours
            .Split('\n')
            .Any(line =>
                line.StartsWith($"{address} dev ", StringComparison.Ordinal) && line.Contains($"lladdr {mac} ", StringComparison.Ordinal)
            );

    private double? StepDownAfter(DateTimeOffset healed) =>
        plan
            .Units.SelectMany(unit => watch.Cli(unit).Ask<ClusterEvent[]>(out _, "history") ?? [])
            .Where(each =>
                each.Time >= healed
                && each.Kind == EventKinds.Role
                && (
                    each.Text.Contains("steps down", StringComparison.Ordinal)
                    || each.Text.Contains("is primary no more", StringComparison.Ordinal)
                )
            )
            .Select(each => (double?)Math.Round((each.Time - healed).TotalMilliseconds))
            .Max();
}
