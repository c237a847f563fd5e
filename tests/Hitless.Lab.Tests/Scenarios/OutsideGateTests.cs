using System.Net;
using System.Net.Sockets;
using System.Text;
using Hitless.Core.Api;
using Hitless.Lab.Network;
using Hitless.Lab.Tests.Clusters;
using Hitless.Lab.Tests.Machine;
using Hitless.Lab.Tools;
using Hitless.Linux.Namespaces;
using Xunit;

namespace Hitless.Lab.Tests.Scenarios;

/// <summary>A run waits for a word from outside, and while a page shows alerts (docs/decisions/0102).</summary>
public sealed class OutsideGateTests
{
    private const int Port = 9090;
    private const string Firing =
        """{"status":"success","data":{"resultType":"vector","result":[{"metric":{"alertname":"LinkDown"},"value":[1,"1"]}]}}""";

    private const string Quiet = """{"status":"success","data":{"resultType":"vector","result":[]}}""";

    private const string Gates = """
        upgrade:
          gates:
            - { name: no-alerts, alerts: "http://10.10.2.10:9090/api/v1/query?query=ALERTS", before: [install], timeout: 5m }
            - { name: change-board }
        """;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Scenario]
    public async Task A_run_waits_while_an_alert_fires_and_for_a_word_that_either_unit_takes()
    {
        using var cluster = await LabCluster.ReadyAsync();
        cluster.RestartWith(("upgrade:", Gates));
        await cluster.UntilReadyAsync();
        using var page = new AlertServer(cluster.Plan) { Answer = Firing };
        using var traffic = await cluster.FlowingAsync(connections: 50);
        var (first, second) = (cluster.Watch.Cli("gw1"), cluster.Watch.Cli("gw2"));
        Assert.Equal(0, first.Run("firmware", "upload", Prerequisites.SecondImage).ExitCode);
        Assert.Equal(0, first.Run("upgrade", "start", Prerequisites.SecondImage, "--detach").ExitCode);
        await UntilHeldAsync(cluster, "no-alerts", "alert LinkDown");
        Assert.Equal(1, second.Run("upgrade", "approve", "change-board").ExitCode);
        Assert.Equal(1, second.Run("upgrade", "next").ExitCode);

        page.Answer = Quiet;
        await UntilHeldAsync(cluster, "change-board", "waits for its word");
        var passed = second.Run("upgrade", "approve", "change-board", "--reason", "CHG-123");
        Assert.True(passed.ExitCode == 0, passed.Errors);
        var ended = second.Run("upgrade", "watch");
        Assert.True(ended.ExitCode == 0, ended.Errors);
        var report = second.Ask<RunReport>(out _, "upgrade", "report")!;
        Assert.Contains(report.Words, each => each.Word == "gate-opened change-board: CHG-123");
        Assert.Contains(report.Words, each => each.Word.StartsWith("gate-waits no-alerts: before copy", StringComparison.Ordinal));
        await traffic.QuietAsync();
        var account = await traffic.FinishAsync();
        Assert.Equal((0L, 0L), (account.ConnectionsLost, account.PacketsLost));
    }

    [Scenario]
    public async Task A_gate_that_says_no_and_one_whose_page_is_gone_send_the_run_back()
    {
        using var cluster = await LabCluster.ReadyAsync();
        cluster.RestartWith(("upgrade:", Gates.Replace("5m", "8s", StringComparison.Ordinal)));
        await cluster.UntilReadyAsync();
        var first = cluster.Watch.Cli("gw1");
        Assert.Equal(0, first.Run("firmware", "upload", Prerequisites.SecondImage).ExitCode);
        Assert.Contains("begins a run when it is asked to", StartAt(cluster, "2099-01-01T00:00:00Z"), StringComparison.Ordinal);
        Assert.Null(first.Ask<ClusterStatus>(out _, "status")!.Upgrade);
        var gone = first.Run("upgrade", "start", Prerequisites.SecondImage);
        Assert.Equal(4, gone.ExitCode);
        Assert.Contains("gate no-alerts did not open within 8 s", gone.Errors, StringComparison.Ordinal);
        Assert.Contains("cannot be asked", gone.Errors, StringComparison.Ordinal);

        using var page = new AlertServer(cluster.Plan) { Answer = Quiet };
        Assert.Equal(0, first.Run("upgrade", "start", Prerequisites.SecondImage, "--detach").ExitCode);
        await UntilHeldAsync(cluster, "change-board", "waits for its word");
        Assert.Equal(0, first.Run("upgrade", "refuse", "change-board", "--reason", "match of the year").ExitCode);
        var ended = first.Run("upgrade", "watch");
        Assert.Equal(4, ended.ExitCode);
        Assert.Contains("gate change-board said no: match of the year", ended.Errors, StringComparison.Ordinal);
        Assert.All((await cluster.UntilReadyAsync()).Units, unit => Assert.Equal("0.9.0", unit.Version));
    }

    /// <summary>What a program gets that wants the unit to wait: only <c>hitless upgrade start --at</c> does.</summary>
    private static string StartAt(LabCluster cluster, string time)
    {
        string[] curl = ["-sS", "--unix-socket", Path.Combine(cluster.Unit("gw1").Folder, "run", "hitless.sock"), "-X", "POST"];
        string[] json = ["-H", "Content-Type: application/json", "-d", $$"""{"image":"1.0.0","extent":"all","at":"{{time}}"}"""];
        return Tool.Run("curl", [.. curl, .. json, "http://unit/v1/upgrade/start"]);
    }

    private static Task UntilHeldAsync(LabCluster cluster, string gate, string why) =>
        LabCluster.UntilAsync($"every unit says that the run waits for {gate}", () =>
            cluster.Plan.Units.All(unit =>
                cluster.Watch.Cli(unit).Ask<RunStatus>(out _, "upgrade", "status") is { } run
                && run.State == RunState.Waiting
                && run.Gate!.Name == gate
                && run.Text.Contains(why, StringComparison.Ordinal)
            )
        );

    /// <summary>Answers every request on the server's port with one page.</summary>
    private sealed class AlertServer : IDisposable
    {
        private readonly Socket listener;

        public AlertServer(LabPlan plan)
        {
            listener = NetworkNamespace.Run(plan.NamespaceOf(LabPlan.Server), () =>
            {
                var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
                socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
                socket.Bind(new IPEndPoint(IPAddress.Any, Port));
                socket.Listen();
                return socket;
            });
            _ = Task.Run(ServeAsync, Cancellation);
        }

        public required string Answer { get; set; }

        public void Dispose() => listener.Dispose();

        private async Task ServeAsync()
        {
            while (true)
            {
                using var client = await listener.AcceptAsync(Cancellation);
                _ = await client.ReceiveAsync(new byte[4096], Cancellation);
                var head =
                    $"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: {Answer.Length}\r\n\r\n";
                _ = await client.SendAsync(Encoding.ASCII.GetBytes(head + Answer), Cancellation);
            }
        }
    }
}
