using Hitless.Lab.Network;
using Hitless.Lab.Tests.Clusters;
using Hitless.Lab.Tests.Machine;
using Hitless.Lab.Units;
using Hitless.Linux.Native;
using Hitless.Linux.Processes;
using Xunit;

namespace Hitless.Lab.Tests.Scenarios;

/// <summary>Each program has the rights that it needs, and hitless-apply may come and go (docs/decisions/0078).</summary>
public sealed class RightsTests
{
    private const string Daemon = "hitlessd";
    private const string Apply = "hitless-apply";
    private const string Keeper = "hitless-keep";
    private static readonly Capability[] Needed = [Capability.NetAdmin, Capability.NetRaw, Capability.SysNice, Capability.NetBindService];

    private const string Settings = """
        hooks: { primary: cat /proc/self/status > /var/lib/hitless/hook-status, timeout: 5s }
        election: {
        """;

    [Scenario]
    public async Task Every_program_has_the_rights_that_it_needs_and_hitless_apply_may_come_and_go()
    {
        using var cluster = await LabCluster.ReadyAsync();
        cluster.RestartWith(("election: {", Settings));
        var before = await cluster.UntilReadyAsync();
        var unit = cluster.Unit(before.Primary!);
        Assert.True(ProcessRights.TryRead("/proc/self", out var all));
        var (needed, daemon) = (ProcessRights.SetOf(Needed) & all.Permitted, Only(unit, Daemon));
        foreach (var thread in Directory.EnumerateDirectories($"/proc/{daemon}/task"))
        {
            Assert.True(ProcessRights.TryRead(thread, out var few));
            Assert.Equal(new ProcessRights(needed, needed, 0, needed, 0, NoNewPrivileges: true, CallsFiltered: true), few);
        }

        foreach (var name in new[] { "hitless-boot", Apply, Keeper })
        {
            Assert.True(ProcessRights.TryRead($"/proc/{Only(unit, name)}", out var rights), name);
            Assert.Equal((all.Permitted, false), (rights.Permitted, rights.NoNewPrivileges));
        }

        // A hook has root's rights: it was not hitlessd that ran it.
        var hook = Path.Combine(unit.State, "hook-status");
        await LabCluster.UntilAsync("the hook has run", () => File.Exists(hook) && File.ReadAllText(hook).Contains("CapEff"));
        Assert.Contains($"CapEff:\t{all.Effective:x16}", File.ReadAllText(hook), StringComparison.Ordinal);

        using var traffic = await cluster.FlowingAsync(connections: 50);
        for (var times = 0; times < 3; times++)
        {
            var former = Only(unit, Apply);
            Namespaces.Signal([former], "KILL");
            await LabCluster.UntilAsync("hitless-apply is there again", () => Find(unit, Apply) is [var next] && next != former);
        }

        var report = await traffic.FinishAsync();
        Assert.Equal(0, report.ConnectionsLost);
        Assert.Equal(daemon, Only(unit, Daemon));
        var after = await cluster.UntilReadyAsync();
        Assert.Equal((before.Primary, before.Epoch), (after.Primary, after.Epoch));

        // For good: said, and hitlessd goes on.
        Namespaces.Signal([Only(unit, Keeper)], "KILL");
        Namespaces.Signal([Only(unit, Apply)], "KILL");
        await LabCluster.UntilAsync("status says that hitless-apply has ended", () =>
            Says(cluster, unit, "hitless-apply has ended for good")
        );
        Assert.Equal(daemon, Only(unit, Daemon));

        // hitlessd that ends leaves nothing behind, and the next one has a hitless-apply again.
        Faults.Kill(unit);
        after = await cluster.UntilReadyAsync();
        Assert.Equal((before.Primary, before.Epoch), (after.Primary, after.Epoch));
        Assert.NotEqual(daemon, Only(unit, Daemon));
        await LabCluster.UntilAsync("one hitless-apply", () => Find(unit, Apply).Length == 1 && Find(unit, Keeper).Length == 1);
        await LabCluster.UntilAsync("status says nothing of it", () => !Says(cluster, unit, Apply));
    }

    private static bool Says(LabCluster cluster, LabUnit unit, string words) =>
        cluster.Watch.Cli(unit.Name).Run("status").Output.Contains(words, StringComparison.Ordinal);

    private static int Only(LabUnit unit, string name) => Assert.Single(Find(unit, name));

    private static int[] Find(LabUnit unit, string name) =>
        [.. Namespaces.Processes(unit.Namespace).Where(process => Read(process) == name)];

    private static string Read(int process)
    {
        try
        {
            return File.ReadAllText($"/proc/{process}/comm").Trim();
        }
        catch (IOException)
        {
            return "";
        }
    }
}
