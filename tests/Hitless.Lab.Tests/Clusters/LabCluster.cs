using System.Globalization;
using Hitless.Core.Api;
using Hitless.Lab.Demo;
using Hitless.Lab.Network;
using Hitless.Lab.Traffic;
using Hitless.Lab.Units;
using Xunit;

namespace Hitless.Lab.Tests.Clusters;

/// <summary>A lab of its own for one test. What its units logged is left in <c>out/test/lab/NAME of the test</c>.</summary>
public sealed class LabCluster : IDisposable
{
    private static readonly TimeSpan ReadyLimit = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    // How .NET begins its last words.
    private const string Crash = "Unhandled exception";

    private LabCluster(LabPlan plan)
    {
        Plan = plan;
        Watch = new ClusterWatch(plan);
    }

    /// <summary>What the lab is made of.</summary>
    public LabPlan Plan { get; }

    /// <summary>The cluster as its CLI tells it.</summary>
    public ClusterWatch Watch { get; }

    /// <summary>A lab that is planned and not up yet: a demo puts it up.</summary>
    public static LabCluster Planned(
        int heartbeatLinks = 1,
        int units = 2,
        string? image = null,
        string? kernel = null,
        bool activeActive = false
    )
    {
        Prerequisites.NeedBuild();
        var name = string.Create(CultureInfo.InvariantCulture, $"t{Environment.ProcessId}x{Random.Shared.Next(1000)}");
        image ??= Prerequisites.FirstImage;
        var (folder, trust) = (Path.Combine(LabPlan.DefaultRoot, name), Commands.Images.TrustBeside(image));
        var plan = new LabPlan(name, folder, Prerequisites.Out, units, heartbeatLinks, StaticRouter: false, image, trust)
        {
            Kernel = kernel,
            ActiveActive = activeActive,
        };
        return new LabCluster(plan);
    }

    /// <summary>A lab with gw1 as plain router.</summary>
    public static LabCluster StaticRouter()
    {
        Prerequisites.NeedRoot();
        var name = string.Create(CultureInfo.InvariantCulture, $"t{Environment.ProcessId}x{Random.Shared.Next(1000)}");
        var cluster = new LabCluster(
            new LabPlan(name, Path.Combine(LabPlan.DefaultRoot, name), AppContext.BaseDirectory, 1, 1, StaticRouter: true, null, null)
        );
        LabSite.Up(cluster.Plan);
        return cluster;
    }

    /// <summary>A lab whose units are ready.</summary>
    public static async Task<LabCluster> ReadyAsync(
        int heartbeatLinks = 1,
        int units = 2,
        string? image = null,
        string? kernel = null,
        bool activeActive = false
    )
    {
        var cluster = Planned(heartbeatLinks, units, image, kernel, activeActive);
        try
        {
            LabSite.Up(cluster.Plan);
            await cluster.UntilReadyAsync();

            // Ready units may still be applying the first revision: its firewall file flushes what a test has added meanwhile.
            await cluster.Watch.UntilAsync(
                "all units hold the configuration",
                ReadyLimit,
                WhyNotInSync,
                TestContext.Current.CancellationToken
            );
            return cluster;
        }
        catch
        {
            cluster.Dispose();
            throw;
        }
    }

    /// <summary>A unit by name.</summary>
    public LabUnit Unit(string name) => new(Plan, name);

    /// <summary>Waits until all units are ready and agree.</summary>
    public Task<ClusterStatus> UntilReadyAsync() => Watch.UntilReadyAsync(ReadyLimit, TestContext.Current.CancellationToken);

    /// <summary>Puts something else in the place of some words of every unit's <c>unit.yaml</c>, and restarts the units.</summary>
    public void RestartWith(params ReadOnlySpan<(string Words, string Instead)> changes)
    {
        foreach (var unit in Plan.Units.Select(Unit))
        {
            var file = Path.Combine(unit.Folder, "etc", "unit.yaml");
            var settings = File.ReadAllText(file);
            foreach (var (words, instead) in changes)
            {
                Assert.Contains(words, settings);
                settings = settings.Replace(words, instead, StringComparison.Ordinal);
            }

            File.WriteAllText(file, settings);
            UnitPower.Restart(unit);
        }
    }

    /// <summary>Waits until something is so that the units' statuses do not tell; half a minute at most.</summary>
    public static async Task UntilAsync(string goal, Func<bool> reached)
    {
        for (var until = DateTimeOffset.UtcNow + Patience; !reached(); await Task.Delay(200, TestContext.Current.CancellationToken))
        {
            Assert.True(DateTimeOffset.UtcNow < until, $"waited {Patience.TotalSeconds} s until {goal}");
        }
    }

    private static string? WhyNotInSync(IReadOnlyDictionary<string, ClusterStatus?> seen) =>
        seen.Values.Any(status => status is null || status.Units.Any(unit => unit.Configuration != SyncState.InSync))
            ? "a unit is not in sync"
            : null;

    /// <summary>Starts traffic and waits until every long connection stands.</summary>
    public async Task<TrafficRun> FlowingAsync(int connections = 300, int ratePerSecond = 50)
    {
        var traffic = await TrafficRun.StartAsync(Plan, connections, ratePerSecond);
        await traffic.WaitUntilStandingAsync(ReadyLimit, TestContext.Current.CancellationToken);
        return traffic;
    }

    /// <summary>Upgrades under traffic as the demo does.</summary>
    public Task<DemoReport> UpgradeAsync(
        string image,
        RunState expected,
        int connections = 500,
        Func<ClusterWatch, CancellationToken, Task>? meanwhile = null,
        params string[] words
    )
    {
        var options = new DemoOptions(image, expected, connections, RatePerSecond: 100, TimeSpan.FromSeconds(180)) { Words = words };
        return new DemoRun(Plan, options, Say, meanwhile).RunAsync(TestContext.Current.CancellationToken);
    }

    /// <summary>A line in the test's output.</summary>
    public static void Say(string text) => TestContext.Current.TestOutputHelper?.WriteLine($"{DateTimeOffset.UtcNow:HH:mm:ss.fff} {text}");

    /// <inheritdoc/>
    public void Dispose()
    {
        string[] crashed = [];
        try
        {
            KeepLogs();
            crashed =
            [
                .. Plan
                    .Units.Select(Unit)
                    .Where(unit => File.Exists(unit.Log) && File.ReadAllText(unit.Log).Contains(Crash, StringComparison.Ordinal))
                    .Select(unit => unit.Name),
            ];
        }
        finally
        {
            LabSite.Down(Path.GetDirectoryName(Plan.Folder)!, Plan.Name);
        }

        // A daemon that dies is started again within a moment, and traffic goes on: what a test looks at may be as it should, and the
        // daemon is not.
        Assert.True(crashed.Length == 0, $"a program of {string.Join(" and ", crashed)} has died of an exception: look into unit.log");
    }

    private void KeepLogs()
    {
        if (Directory.Exists(Plan.Folder))
        {
            var words = TestContext.Current.Test?.TestDisplayName.Replace("Hitless.Lab.Tests.Scenarios.", "", StringComparison.Ordinal)
                ?? Plan.Name;
            var logs = Path.Combine(
                Prerequisites.Out,
                "test",
                "lab",
                string.Concat(words.Select(letter => char.IsAsciiLetterOrDigit(letter) ? letter : '_'))
            );
            LabSite.KeepLogs(Plan, logs);
            Say($"logs: {logs}");
        }
    }
}
