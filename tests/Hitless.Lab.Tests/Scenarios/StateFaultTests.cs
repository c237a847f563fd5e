using Hitless.Lab.Network;
using Hitless.Lab.StateFaults;
using Hitless.Lab.Tests.Clusters;
using Hitless.Lab.Tests.Machine;
using Hitless.Lab.Units;
using Xunit;

namespace Hitless.Lab.Tests.Scenarios;

/// <summary>
/// What a unit's disk has lost while it was off, fetched back from the other one (docs/decisions/0065). All files and damages:
/// <c>hitless lab faults</c>.
/// </summary>
public sealed class StateFaultTests
{
    private const int DiskMegabytes = 700;

    [Scenario]
    public async Task A_unit_starts_forwards_says_what_it_lost_and_has_it_back()
    {
        using var cluster = LabCluster.Planned();
        var plan = cluster.Plan with { DiskMegabytes = DiskMegabytes };
        LabSite.Up(plan);
        var run = new FaultRun(plan);
        await run.PrepareAsync(Prerequisites.SecondImage, TestContext.Current.CancellationToken);
        foreach (var file in run.Files().Where(IsTried))
        {
            foreach (var damage in new[] { Damage.Missing, Damage.Cut })
            {
                var outcome = await run.RunAsync(file, damage, TestContext.Current.CancellationToken);
                LabCluster.Say($"{outcome}");
                Assert.True(outcome.Good, $"{outcome}");
            }
        }
    }

    private static bool IsTried(string file) =>
        new[] { "/images/", "/reports/", "/revisions/", "/head.json" }.Any(part => file.Contains(part, StringComparison.Ordinal));
}
