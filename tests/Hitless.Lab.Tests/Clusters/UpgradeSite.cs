using System.Text.Json;
using Hitless.Core.Api;
using Hitless.Lab.Traffic;
using Xunit;

namespace Hitless.Lab.Tests.Clusters;

/// <summary>
/// One cluster under traffic for all steps of a document: long connections, new ones, a UDP probe, a download, and FTP where a step asks
/// for it.
/// </summary>
public sealed class UpgradeSite : IAsyncLifetime
{
    private LabCluster? cluster;
    private TrafficRun? traffic;

    /// <summary>The lab.</summary>
    public LabCluster Cluster => cluster!;

    /// <summary>The programs of <see cref="GuestPrograms"/>.</summary>
    internal GuestPrograms Guests { get; private set; } = null!;

    /// <summary>An FTP transfer that spans more than one step.</summary>
    internal Guest? Transfer { get; set; }

    /// <inheritdoc/>
    public async ValueTask InitializeAsync()
    {
        Prerequisites.NeedPrograms("lftp", "vsftpd", "sipp", "tftp", "in.tftpd");
        cluster = await LabCluster.ReadyAsync();
        if ((await cluster.UntilReadyAsync()).Primary is { } primary && primary != "gw1")
        {
            Ask(primary, "switchover", "--wait");
        }

        Guests = new GuestPrograms(cluster.Plan, ftpOnly: true);
        traffic = await cluster.FlowingAsync(connections: 200, ratePerSecond: 50);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        traffic?.Dispose();
        Guests?.Dispose();
        cluster?.Dispose();
        return ValueTask.CompletedTask;
    }

    /// <summary>A command of the CLI on a unit, with <c>--json</c>; it must have done what it was asked for.</summary>
    public JsonElement Ask(string unit, params string[] words)
    {
        var said = Cluster.Watch.Cli(unit).Run(["--json", .. words]);
        LabCluster.Say($"{unit}: hitless {string.Join(' ', words)}: exit {said.ExitCode} {said.Errors}");
        Assert.Equal(0, said.ExitCode);
        return JsonDocument.Parse(said.Output).RootElement.Clone();
    }

    /// <summary>Nothing was lost up to now, and the units are as they should be.</summary>
    public async Task<ClusterStatus> AllIsWellAsync(string primary, string first, string second)
    {
        var status = await Cluster.UntilReadyAsync();
        Assert.Equal((primary, first, second), (status.Primary, status.Units[0].Version, status.Units[1].Version));
        Assert.Equal(0, (await traffic!.SnapshotAsync()).ConnectionsLost);
        return status;
    }

    /// <summary>Ends the traffic: nothing was lost of all of it.</summary>
    public async Task NothingWasLostAsync()
    {
        await traffic!.QuietAsync();
        var account = await traffic.FinishAsync();
        LabCluster.Say(
            $"{account.Long.Opened} long and {account.Short.Opened} new connections, {account.Probe.Sent} probe packets, longest gap "
                + $"{account.LongestGapMs} ms"
        );
        Assert.Equal((0L, 0L), (account.ConnectionsLost, account.PacketsLost));
    }
}
