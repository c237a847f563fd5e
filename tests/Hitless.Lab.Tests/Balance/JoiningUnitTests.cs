using Hitless.Lab.Tests.Clusters;
using Hitless.Lab.Tests.Machine;
using Hitless.Lab.Units;
using Xunit;

namespace Hitless.Lab.Tests.Balance;

/// <summary>A third unit joins while the two others make sessions of their own.</summary>
public sealed class JoiningUnitTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Scenarios]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_is_opened_through_any_unit_while_a_third_joins_goes_on_through_it(bool powerOff)
    {
        using var cluster = await Shares.UpAsync(units: 3);
        var shares = new Shares(cluster);
        var joining = shares.Standbys[^1];
        using (new InsideHosts(cluster.Plan))
        {
            // For its addresses.
        }

        using var connections = new KeptConnections(cluster.Plan);
        await Task.Delay(TimeSpan.FromSeconds(1), Cancellation);
        if (powerOff)
        {
            Faults.PowerOff(cluster.Unit(joining));
            await Task.Delay(TimeSpan.FromSeconds(3), Cancellation);
            Faults.PowerOn(cluster.Unit(joining));
        }
        else
        {
            // Drained before: what a kernel makes after its daemon was killed, until the primary notices, nobody is told.
            Assert.True(cluster.Watch.Cli(shares.Primary).Run("unit", "hold", joining).Ok);
            await shares.UntilBucketsAsync(joining, 0);
            Faults.Kill(cluster.Unit(joining));
            await Task.Delay(TimeSpan.FromSeconds(1), Cancellation);
            await LabCluster.UntilAsync($"{joining} is released", () =>
                cluster.Watch.Cli(shares.Primary).Run("unit", "release", joining).Ok
            );
        }

        await shares.UntilSharedAsync();
        connections.Stop();

        var (opened, failed, dead) = connections.Ask();
        LabCluster.Say($"{opened} connections opened, {failed} not, {dead.Count} dead: {string.Join(" ", dead.Distinct())}");
        Assert.Empty(dead);
    }
}
