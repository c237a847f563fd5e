using Hitless.Lab.Network;

namespace Hitless.Lab.Traffic;

/// <summary>All traffic of a lab, from start to report.</summary>
public sealed class TrafficRun : IDisposable
{
    private readonly DateTimeOffset _startedAt = DateTimeOffset.UtcNow;
    private readonly WorkerProcess _server;
    private readonly WorkerProcess _echo;
    private readonly WorkerProcess _client;
    private readonly WorkerProcess _probe;

    private TrafficRun(WorkerProcess server, WorkerProcess echo, WorkerProcess client, WorkerProcess probe) =>
        (_server, _echo, _client, _probe) = (server, echo, client, probe);

    /// <summary>Starts servers, then clients, in a lab.</summary>
    public static Task<TrafficRun> StartAsync(LabPlan plan, int connections, int ratePerSecond) =>
        StartAsync(
            plan.NamespaceOf(LabPlan.Client),
            plan.NamespaceOf(LabPlan.Server),
            connections,
            ratePerSecond,
            ipv4Only: false,
            1000 / plan.Slowness
        );

    /// <summary>The same in any two namespaces with the lab's addresses.</summary>
    public static async Task<TrafficRun> StartAsync(
        string client,
        string server,
        int connections,
        int ratePerSecond,
        bool ipv4Only,
        int probesPerSecond = 1000
    )
    {
        string[] family = ipv4Only ? ["--ipv4"] : [];
        return new TrafficRun(
            await WorkerProcess.StartAsync(server, urgent: false, "traffic-server"),
            await WorkerProcess.StartAsync(server, urgent: true, "traffic-echo"),
            await WorkerProcess.StartAsync(
                client,
                urgent: false,
                ["traffic-client", "--tcp", $"{connections}", "--rate", $"{ratePerSecond}", .. family]
            ),
            await WorkerProcess.StartAsync(client, urgent: true, "traffic-probe", "--rate", $"{probesPerSecond}")
        );
    }

    /// <summary>Waits until every long connection stands (or was lost), at most <paramref name="limit"/>.</summary>
    public async Task WaitUntilStandingAsync(TimeSpan limit, CancellationToken cancellation = default)
    {
        var until = TrafficClock.Now + TrafficClock.Stamps(limit);
        while (TrafficClock.Now < until && (await SnapshotAsync()).Long is var report && report.Opened + report.Lost < report.Asked)
        {
            await Task.Delay(500, cancellation);
        }
    }

    /// <summary>The account so far.</summary>
    public async Task<TrafficReport> SnapshotAsync() =>
        Merge(
            await _client.SnapshotAsync<ClientReport>(),
            await _probe.SnapshotAsync<ProbeClientReport>(),
            await _echo.SnapshotAsync<Arrivals>()
        );

    /// <summary>Opens no new connections from now on; those that stand, the download and the probe go on.</summary>
    public Task QuietAsync() => _client.AskAsync<ClientReport>("quiet");

    /// <summary>Ends all traffic in good order and gives the account.</summary>
    public async Task<TrafficReport> FinishAsync()
    {
        var probe = await _probe.FinishAsync<ProbeClientReport>();
        var client = await _client.FinishAsync<ClientReport>();
        var echo = await _echo.FinishAsync<Arrivals>();
        _ = await _server.FinishAsync<string>();
        return Merge(client, probe, echo);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _client.Dispose();
        _probe.Dispose();
        _echo.Dispose();
        _server.Dispose();
    }

    private TrafficReport Merge(ClientReport client, ProbeClientReport probe, Arrivals echo)
    {
        var gap = Math.Max(probe.ToClient.LongestGapMs, echo.LongestGapMs);
        var lost = probe.Sent - probe.ToClient.Received;
        return new TrafficReport(
            _startedAt,
            Math.Round((DateTimeOffset.UtcNow - _startedAt).TotalMilliseconds),
            client.Long.Lost + client.Short.Failed + (client.Download.Intact ? 0 : 1),
            lost,
            gap,
            client.Long,
            client.Short,
            client.Download,
            new ProbeReport(
                probe.Sent,
                probe.ToClient.Received,
                lost,
                Math.Max(0, probe.Sent - echo.Received),
                Math.Max(0, echo.Received - probe.ToClient.Received),
                probe.ToClient.Duplicated + echo.Duplicated,
                gap,
                probe.SenderLongestPauseMs,
                echo,
                probe.ToClient
            )
        );
    }
}
