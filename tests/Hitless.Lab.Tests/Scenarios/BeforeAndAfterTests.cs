using System.Net;
using System.Net.Sockets;
using Hitless.Core.Api;
using Hitless.Core.Upgrade;
using Hitless.Lab.Network;
using Hitless.Lab.Tests.Clusters;
using Hitless.Lab.Tests.Machine;
using Hitless.Lab.Tools;
using Hitless.Lab.Units;
using Hitless.Linux.Namespaces;
using Xunit;

namespace Hitless.Lab.Tests.Scenarios;

/// <summary>What is otherwise around the traffic after a run than before it stands in the report (docs/decisions/0101).</summary>
public sealed class BeforeAndAfterTests
{
    private const int BgpPort = 179;
    private const int BootpPort = 67;

    [Scenario]
    public async Task What_a_run_breaks_on_either_unit_is_named_as_unexpected_and_what_was_listed_is_not()
    {
        using var cluster = await LabCluster.ReadyAsync();
        foreach (var unit in cluster.Plan.Units)
        {
            File.WriteAllText(Path.Combine(cluster.Unit(unit).State, "peers"), "area 0\n10.9.0.1 full\n");
        }

        cluster.RestartWith(
            (
                "upgrade:",
                "compare: [{ name: ospf, command: cat /var/lib/hitless/peers }]\n"
                    + "upgrade:\n  expect: [\"listener udp 0.0.0.0:68\", \"route 10.78.*\"]"
            )
        );
        await cluster.UntilReadyAsync();
        string[] networks = ["10.77.0.0/16", "10.78.0.0/16"];
        foreach (var unit in cluster.Plan.Units)
        {
            Array.ForEach(networks, network => Route(cluster, unit, "add", network));
        }

        var (first, second) = ("gw1", "gw2");
        List<Socket> planted = [Bound(cluster, first, BootpPort), Bound(cluster, first, BootpPort + 1)];
        using var bgp = Listening(cluster, LabPlan.Server, BgpPort);
        planted.Add(Connected(cluster, second, bgp));

        Cli(cluster, first, "firmware", "upload", Prerequisites.SecondImage);
        Cli(cluster, first, "upgrade", "start", Prerequisites.SecondImage, "--detach");
        await UntilStepAsync(cluster, RunStep.Verify);

        // What the machine's own scripts would do: a lab's unit has none after its reboot.
        Array.ForEach(networks, network => Route(cluster, second, "replace", network));
        await UntilStepAsync(cluster, RunStep.Switchover);
        planted.ForEach(socket => socket.Dispose());
        foreach (var unit in cluster.Plan.Units)
        {
            Array.ForEach(networks, network => Route(cluster, unit, "del", network));
        }

        File.WriteAllText(Path.Combine(cluster.Unit(first).State, "peers"), "area 0\n10.9.0.1 init\n");
        var watched = cluster.Watch.Cli(first).Run("upgrade", "watch");
        Assert.True(watched.ExitCode == 0, watched.Errors);
        LabCluster.Say(watched.Output);

        foreach (var unit in cluster.Plan.Units)
        {
            var changes = cluster.Watch.Cli(unit).Ask<RunReport>(out _, "upgrade", "report")!.Changes!;
            Assert.Empty(changes.NotKnown);
            var unexpected = changes.Found.Where(each => !each.Expected).Select(each => $"{each.Unit} {each.Name}").ToArray();
            Assert.Contains($"{first} listener udp 0.0.0.0:{BootpPort}", unexpected);
            Assert.Contains($"{second} routing peer {Addresses.Server} (BGP)", unexpected);
            Assert.All(cluster.Plan.Units, each => Assert.Contains($"{each} route 10.77.0.0/16", unexpected));
            var ospf = changes.Found.Single(each => each.Name == "command ospf");
            Assert.Equal(("10.9.0.1 full", "10.9.0.1 init", false), (ospf.Before, ospf.After, ospf.Expected));
            Assert.Equal(
                [$"{first} listener udp 0.0.0.0:68", $"{first} route 10.78.0.0/16", $"{second} route 10.78.0.0/16"],
                changes.Found.Where(each => each.Expected).Select(each => $"{each.Unit} {each.Name}").Order(StringComparer.Ordinal)
            );
        }

        Assert.Contains("unexpected: gw2: route 10.77.0.0/16 is gone", watched.Output, StringComparison.Ordinal);
    }

    [Scenario]
    public async Task A_run_that_went_back_and_broke_nothing_else_says_so_and_one_that_did_names_it()
    {
        using var cluster = await LabCluster.ReadyAsync();
        using var listener = Bound(cluster, "gw1", BootpPort);
        Cli(cluster, "gw1", "firmware", "upload", Prerequisites.BadImage("bad-exit"));
        Assert.Equal(4, cluster.Watch.Cli("gw1").Run("upgrade", "start", Prerequisites.BadImage("bad-exit")).ExitCode);
        var report = cluster.Watch.Cli("gw2").Ask<RunReport>(out _, "upgrade", "report")!;
        Assert.Equal(RunState.RolledBack, report.Verdict);
        Assert.DoesNotContain(report.Changes!.Found, each => !each.Expected);
        Assert.Empty(report.Changes.NotKnown);

        Cli(cluster, "gw1", "upgrade", "start", Prerequisites.BadImage("bad-exit"), "--detach");
        await UntilStepAsync(cluster, RunStep.Trial);
        listener.Dispose();
        Assert.Equal(4, cluster.Watch.Cli("gw1").Run("upgrade", "watch").ExitCode);
        report = cluster.Watch.Cli("gw2").Ask<RunReport>(out _, "upgrade", "report")!;
        var found = Assert.Single(report.Changes!.Found, each => !each.Expected);
        Assert.Equal(("gw1", $"listener udp 0.0.0.0:{BootpPort}", null), (found.Unit, found.Name, found.After));
    }

    private static Task UntilStepAsync(LabCluster cluster, string step) =>
        LabCluster.UntilAsync($"the step {step} is begun", () =>
            cluster.Watch.Cli("gw1").Ask<RunStatus>(out _, "upgrade", "status") is { State.HasEnded: false } run
            && run.Steps.Any(each => each.Name == step)
        );

    private static int Cli(LabCluster cluster, string unit, params string[] words)
    {
        var ended = cluster.Watch.Cli(unit).Run(words);
        Assert.True(ended.ExitCode == 0, ended.Errors);
        return ended.ExitCode;
    }

    private static void Route(LabCluster cluster, string unit, string verb, string network) =>
        Tool.Run("ip", ["-n", cluster.Plan.NamespaceOf(unit), "route", verb, network, "via", Addresses.Server]);

    private static Socket Bound(LabCluster cluster, string node, int port) => NetworkNamespace.Run(cluster.Plan.NamespaceOf(node), () =>
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
            socket.Bind(new IPEndPoint(IPAddress.Any, port));
            return socket;
        });

    private static Socket Listening(LabCluster cluster, string node, int port) => NetworkNamespace.Run(cluster.Plan.NamespaceOf(node), () =>
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            socket.Bind(new IPEndPoint(IPAddress.Any, port));
            socket.Listen();
            return socket;
        });

    private static Socket Connected(LabCluster cluster, string node, Socket listener)
    {
        var socket = NetworkNamespace.Run(cluster.Plan.NamespaceOf(node), () =>
        {
            var made = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            made.Connect(new IPEndPoint(IPAddress.Parse(Addresses.Server), BgpPort));
            return made;
        });
        _ = listener.Accept();
        return socket;
    }
}
