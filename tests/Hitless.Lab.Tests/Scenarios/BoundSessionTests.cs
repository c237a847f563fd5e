using System.Net;
using System.Net.Sockets;
using Hitless.Core.Api;
using Hitless.Lab.Network;
using Hitless.Lab.Tests.Clusters;
using Hitless.Lab.Tests.Machine;
using Hitless.Lab.Tools;
using Hitless.Linux.Namespaces;
using Xunit;

namespace Hitless.Lab.Tests.Scenarios;

public sealed class BoundSessionTests
{
    private const int Port = 7555;
    private const string File = "/etc/hitless/nftables.conf";

    [Scenario]
    public async Task Masqueraded_connections_are_named_before_a_switch_and_lost_in_its_report()
    {
        using var cluster = await LabCluster.ReadyAsync(heartbeatLinks: 2, image: Prerequisites.FirstImage);
        var primary = (await cluster.UntilReadyAsync()).Primary!;
        var cli = cluster.Watch.Cli(primary);
        var rules = Path.Combine(cluster.Plan.Folder, "masquerade.conf");
        var lines = Firewall
            .Text(masquerade: false)
            .Split('\n')
            .Where(line => !line.Contains("snat ip to", StringComparison.Ordinal))
            .ToList();
        var at = lines.FindIndex(line => line.Contains("type nat hook postrouting", StringComparison.Ordinal)) + 1;
        lines.Insert(at, "        oifname \"wan0\" meta nfproto ipv4 masquerade");
        await System.IO.File.WriteAllTextAsync(rules, string.Join('\n', lines), TestContext.Current.CancellationToken);
        var committed = cli.Run("config", "commit", $"{File}={rules}");
        Assert.True(committed.Ok, committed.Errors);

        using var listener = NetworkNamespace.Run(cluster.Plan.NamespaceOf("server"), () =>
        {
            var made = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            made.Bind(new IPEndPoint(IPAddress.Parse(Addresses.Server), Port));
            made.Listen(100);
            return made;
        });
        List<Socket> sockets = [.. Enumerable.Range(0, 20).SelectMany(_ => Connect(cluster, listener))];

        // The difference: nothing is compared, and twenty sessions are named with their rule.
        var difference = cli.Ask<SessionDifference>(out var why, "sessions", "diff");
        Assert.True(difference is not null, why);
        Assert.Equal((20L, primary), (difference.Classes!.Bound, difference.ClassesOf));
        Assert.Equal(0, difference.Missing);
        Assert.Equal(
            20,
            difference.Entries.Count(entry => entry.Cause == SessionCauseWord.TranslatedSource && entry.Fate == SwitchFate.Breaks)
        );
        var cause = Assert.Single(difference.Causes, each => each.Class == SessionClassWord.Bound);
        Assert.Equal((20L, 20L), (cause.Count, cause.Breaking));
        Assert.Equal($"write \"snat ip to {Addresses.VirtualWan}\" instead of \"masquerade\" ({File}:{at + 1})", cause.Remedy);
        Assert.Equal(
            20,
            cluster
                .Watch.Cli(cluster.Plan.Units.Single(unit => unit != primary))
                .Ask<SessionDifference>(out _, "sessions", "diff")!
                .Classes!.Bound
        );

        // The check and the start refuse, and the run that is confirmed reports what it lost.
        var refused = cli.Run("upgrade", "start", Prerequisites.SecondImage);
        Assert.Equal(1, refused.ExitCode);
        Assert.Contains($"20 sessions are translated to an own address of {primary}", refused.Errors, StringComparison.Ordinal);
        Assert.Contains("--accept-interruption", refused.Errors, StringComparison.Ordinal);
        var accepted = cli.Run("upgrade", "start", Prerequisites.SecondImage, "--accept-interruption");
        LabCluster.Say(accepted.Output + accepted.Errors);
        Assert.Equal(0, accepted.ExitCode);
        var report = cluster.Watch.Cli((await cluster.UntilReadyAsync()).Primary!).Ask<RunReport>(out why, "upgrade", "report");
        Assert.True(report is not null, why);
        Assert.Equal((RunState.Completed, null), (report.Verdict, report.Sessions.NotKnown));
        Assert.Equal((20L, 20L, report.Elections.Count), (report.Sessions.Lost, report.Sessions.LostForeseen, report.Sessions.Switches));
        Assert.Equal(20, Assert.Single(report.Sessions.Causes, each => each.Class == SessionClassWord.Bound).Breaking);
        sockets.ForEach(socket => socket.Dispose());

        // A plain switchover is not refused, and says what it costs.
        sockets = [.. Enumerable.Range(0, 3).SelectMany(_ => Connect(cluster, listener))];
        primary = (await cluster.UntilReadyAsync()).Primary!;
        var switched = cluster.Watch.Cli(primary).Ask<SwitchoverResult>(out why, "switchover");
        Assert.True(switched is not null, why);
        Assert.InRange(switched.SessionsLost ?? 0, 3, 3);
        Assert.StartsWith(
            $"3 sessions are translated to an own address of {primary}",
            Assert.Single(switched.Warnings),
            StringComparison.Ordinal
        );
        sockets.ForEach(socket => socket.Dispose());
    }

    [Scenario]
    public async Task Connections_of_a_transparent_proxy_are_bound_though_no_address_is_translated()
    {
        const int proxyPort = 3129;
        const string rules =
            "table ip proxy {\nchain pre { type filter hook prerouting priority mangle; "
            + "meta l4proto tcp socket transparent 1 meta mark set 1 accept; "
            + "iifname lan0 tcp dport 7555 tproxy to :3129 meta mark set 1 accept; }\n}\n"
            + "insert rule inet gateway input meta mark 1 accept\n";
        using var cluster = await LabCluster.ReadyAsync();
        foreach (var space in cluster.Plan.Units.Select(cluster.Plan.NamespaceOf))
        {
            Tool.Run("ip", ["-n", space, "rule", "add", "fwmark", "1", "lookup", "100", "pref", "50"]);
            Tool.Run("ip", ["-n", space, "route", "add", "local", "default", "dev", "lo", "table", "100"]);
            Tool.Run("ip", ["netns", "exec", space, "nft", "-f", "-"], rules);
        }

        var primary = (await cluster.UntilReadyAsync()).Primary!;
        var cli = cluster.Watch.Cli(primary);
        using var proxy = NetworkNamespace.Run(cluster.Plan.NamespaceOf(primary), () =>
        {
            const int ip = 0; // SOL_IP
            const int transparent = 19; // IP_TRANSPARENT
            var made = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            made.SetRawSocketOption(ip, transparent, BitConverter.GetBytes(1));
            made.Bind(new IPEndPoint(IPAddress.Any, proxyPort));
            made.Listen(10);
            return made;
        });
        List<Socket> sockets = [.. Enumerable.Range(0, 5).SelectMany(_ => Connect(cluster, proxy))];

        var difference = cli.Ask<SessionDifference>(out var why, "sessions", "diff");

        Assert.True(difference is not null, why);
        var cause = Assert.Single(difference.Causes, each => each.Class == SessionClassWord.Bound);
        Assert.Equal((SessionCauseWord.Redirected, 5L, 5L), (cause.Cause, cause.Count, cause.Breaking));
        Assert.Equal(0, difference.Missing + difference.Extra);
        var switched = cli.Ask<SwitchoverResult>(out why, "switchover");
        Assert.True(switched is not null, why);
        Assert.Equal(5, switched.SessionsLost);
        sockets.ForEach(socket => socket.Dispose());
    }

    private static Socket[] Connect(LabCluster cluster, Socket listener)
    {
        var near = NetworkNamespace.Run(cluster.Plan.NamespaceOf("client"), () =>
            new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp)
        );
        near.Connect(IPAddress.Parse(Addresses.Server), Port);
        return [near, listener.Accept()];
    }
}
