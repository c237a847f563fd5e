using System.Net;
using System.Runtime;
using Hitless.Lab.Network;

namespace Hitless.Lab.Traffic;

/// <summary>
/// The programs that run inside client and server. Each says "ready", answers a line "snapshot" on standard input with one line of JSON (as
/// it does "quiet", after which no new connections are opened), and when standard input ends gives its last account the same way and exits:
/// so none of them outlives who started it.
/// </summary>
public static class TrafficWorker
{
    /// <summary>On the server: TCP echo, short answers, HTTP.</summary>
    public static async Task<int> ServerAsync()
    {
        using var echo = new EchoService(Ports.Echo);
        using var answers = new EchoService(Ports.Short);
        using var downloads = new DownloadService(Ports.Http);
        return await ConverseAsync(() => "serving", () => Task.FromResult("served"));
    }

    /// <summary>On the server: the UDP echo, alone in its process.</summary>
    public static async Task<int> ProbeEchoAsync()
    {
        using var echo = new ProbeEcho(Ports.Probe);
        _ = GC.TryStartNoGCRegion(64 << 20);
        return await ConverseAsync(echo.Report, () => Task.FromResult(echo.Report()));
    }

    /// <summary>On the client: the UDP probe, alone in its process.</summary>
    public static async Task<int> ProbeAsync(int perSecond)
    {
        GCSettings.LatencyMode = GCLatencyMode.SustainedLowLatency;
        using var probe = new Probe(
            IPAddress.Parse(Addresses.HiddenSources[0]),
            new IPEndPoint(IPAddress.Parse(Addresses.Server), Ports.Probe),
            perSecond
        );
        _ = GC.TryStartNoGCRegion(64 << 20);
        return await ConverseAsync(probe.Report, () =>
        {
            probe.Finish();
            return Task.FromResult(probe.Report());
        });
    }

    /// <summary>On the client: long and short connections and the download.</summary>
    public static async Task<int> ClientAsync(int connections, int ratePerSecond, bool ipv4Only)
    {
        var longOnes = new LongConnections(connections, Ports.Echo, ipv4Only);
        var shortOnes = new ShortConnections(ratePerSecond, Ports.Short, ipv4Only);
        using var download = new Download();
        shortOnes.Start();
        var opening = longOnes.OpenAsync();
        return await ConverseAsync(
            () => new ClientReport(longOnes.Report(), shortOnes.Report(), download.Report()),
            async () =>
            {
                await opening;
                var downloaded = download.FinishAsync();
                await Task.WhenAll(shortOnes.FinishAsync(), Task.Run(longOnes.Finish), downloaded);
                return new ClientReport(longOnes.Report(), shortOnes.Report(), await downloaded);
            },
            shortOnes.FinishAsync
        );
    }

    private static async Task<int> ConverseAsync<T>(Func<T> snapshot, Func<Task<T>> finish, Func<Task>? quiet = null)
    {
        await SayAsync(WorkerProcess.Ready);
        while (await Console.In.ReadLineAsync() is { } line)
        {
            if (line == "quiet" && quiet is not null)
            {
                await quiet();
            }

            await SayAsync(LabJson.Write(snapshot()));
        }

        await SayAsync(LabJson.Write(await finish()));
        return 0;
    }

    private static async Task SayAsync(string line)
    {
        try
        {
            await Console.Out.WriteLineAsync(line);
            await Console.Out.FlushAsync();
        }
        catch (IOException)
        {
            // Who started us is gone; nobody is left to tell.
        }
    }
}
