using System.Collections.Concurrent;
using Hitless.Core.Api;
using Hitless.Core.Upgrade;
using Hitless.Lab.Demo;
using Hitless.Lab.Tests.Clusters;
using Hitless.Lab.Tests.Machine;
using Xunit;

namespace Hitless.Lab.Tests.Balance;

/// <summary>An upgrade of three and of four units in active-active under real traffic.</summary>
public sealed class ManyUnitsUpgradeTests
{
    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(300);

    [Scenarios]
    [InlineData(3)]
    [InlineData(4, Explicit = true)] // Four minutes: ./dev test lab -- -explicit only
    public async Task Nothing_is_lost_each_unit_leaves_beside_two_ready_ones_and_forwards_nothing_meanwhile(int units)
    {
        using var cluster = await Shares.UpAsync(units);
        var shares = new Shares(cluster);
        var forwarded = new ConcurrentDictionary<string, (long First, long Last)>(StringComparer.Ordinal);

        var report = await cluster.UpgradeAsync(
            Prerequisites.SecondImage,
            RunState.Completed,
            connections: 300,
            meanwhile: (watch, cancel) => FollowAsync([.. cluster.Plan.Units], shares, watch, forwarded, cancel),
            "--keep-redundancy"
        );

        Shares.AssertClean(report.Traffic!);

        // A switch is such a moment: the others compare their tables with the new primary's, and are not called ready until they have.
        Assert.InRange(report.Run!.ReadyMin!.Value, 1, cluster.Plan.UnitCount - 1);
        Assert.Equal(cluster.Plan.Units.Order(), forwarded.Keys.Order());
        Assert.All(forwarded, each => Assert.Equal((each.Key, 0L), (each.Key, each.Value.Last - each.Value.First)));
        string[] looked = [.. report.Run.Steps.Where(step => step.Name == RunStep.Redundancy).Select(step => step.Unit!)];
        Assert.Equal(cluster.Plan.Units.Order(), looked.Order());
        LabCluster.Say($"ready at the worst moment: {report.Run.ReadyMin}; longest gap {report.Traffic!.LongestGapMs} ms");
        await shares.UntilSharedAsync();
    }

    /// <summary>What each unit's kernel has forwarded from the copy of the image to it until its new slot is kept.</summary>
    private static async Task FollowAsync(
        IReadOnlyList<string> units,
        Shares shares,
        ClusterWatch watch,
        ConcurrentDictionary<string, (long First, long Last)> forwarded,
        CancellationToken cancel
    )
    {
        string[] steps = [RunStep.Install, RunStep.Redundancy, RunStep.Trial, RunStep.Rejoin, RunStep.Verify, RunStep.Confirm];
        for (
            var until = DateTimeOffset.UtcNow + TimeSpan.FromMinutes(4);
            DateTimeOffset.UtcNow < until;
            await Task.Delay(LookInterval, cancel)
        )
        {
            // Counted before the step is asked for: what came after it is not this step's.
            var now = units.ToDictionary(unit => unit, shares.Forwarded);
            var run = units
                .Select(unit => watch.Cli(unit).Ask<RunStatus>(out _, "upgrade", "status"))
                .FirstOrDefault(each => each is not null);
            if (run is { State.HasEnded: true })
            {
                return;
            }

            if (run is { Unit: { } unit } && steps.Contains(run.Step))
            {
                forwarded.AddOrUpdate(unit, (now[unit], now[unit]), (_, had) => (had.First, now[unit]));
            }
        }
    }
}
