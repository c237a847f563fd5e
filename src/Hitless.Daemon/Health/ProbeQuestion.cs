using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Hitless.Core.Configuration;
using Hitless.Daemon.Configuration;

namespace Hitless.Daemon.Health;

/// <summary>What one look at a probe's target found: well or not, and what was seen in words.</summary>
public readonly record struct ProbeAnswer(bool Well, string Detail);

/// <summary>Looks at a probe's target once.</summary>
public static class ProbeQuestion
{
    // No proxy, no redirects, a connection of its own each time: the probe is of that page on that path, now.
    private static readonly HttpClient Http = new(
        new SocketsHttpHandler
        {
            UseProxy = false,
            AllowAutoRedirect = false,
            PooledConnectionLifetime = TimeSpan.Zero,
        }
    )
    {
        Timeout = Timeout.InfiniteTimeSpan,
    };

    private const int OutputMax = 200;

    /// <summary>
    /// Asks, and waits at most <paramref name="patience"/>; <paramref name="work"/> runs a command; null: there is none to run.
    /// </summary>
    public static async Task<ProbeAnswer> AskAsync(ProbeTarget target, TimeSpan patience, IRootWork? work, CancellationToken cancel)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(patience);
        try
        {
            return target switch
            {
                ProbeTarget.Ping ping => await PingAsync(ping, patience, cancel),
                ProbeTarget.Tcp tcp => await ConnectAsync(tcp, limit.Token),
                ProbeTarget.Http http => await GetAsync(http, limit.Token),
                ProbeTarget.Exec exec when work is not null => await RunAsync(exec, patience, work, cancel),
                ProbeTarget.Memory memory => Judge(
                    "memory in use",
                    MemoryInUsePercent(File.ReadAllLines("/proc/meminfo")),
                    memory.PercentMax
                ),
                ProbeTarget.Load load => Judge("load", LoadPercent(File.ReadAllText("/proc/loadavg")), load.PercentMax),
                _ => throw new InvalidOperationException($"No such probe: {target}."),
            };
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            return new ProbeAnswer(false, $"{Describe(target)}: no answer within {patience.TotalMilliseconds:F0} ms");
        }
        catch (Exception e) when (e is SocketException or HttpRequestException or IOException)
        {
            return new ProbeAnswer(false, $"{Describe(target)}: {e.InnerException?.Message ?? e.Message}");
        }
    }

    /// <summary>
    /// The address that this unit's packets to the target would carry; null: the target has no address, or there is no way to it. Sends
    /// nothing.
    /// </summary>
    public static IPAddress? SourceTo(ProbeTarget target)
    {
        var address = target switch
        {
            ProbeTarget.Ping ping => ping.Address,
            ProbeTarget.Tcp tcp => tcp.Service.Address,
            ProbeTarget.Http http when IPAddress.TryParse(http.Page.Host.Trim('[', ']'), out var host) => host,
            _ => null,
        };
        if (address is null)
        {
            return null;
        }

        try
        {
            const int anyPort = 9;
            using var socket = new Socket(address.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
            socket.Connect(address, anyPort);
            return (socket.LocalEndPoint as IPEndPoint)?.Address;
        }
        catch (SocketException)
        {
            return null;
        }
    }

    /// <summary>The share of <c>/proc/meminfo</c>'s memory that is not available (proc(5)).</summary>
    public static int MemoryInUsePercent(IEnumerable<string> lines)
    {
        var fields = lines
            .Select(line => line.Split((char[])[':', ' '], StringSplitOptions.RemoveEmptyEntries))
            .Where(words => words is ["MemTotal" or "MemAvailable", _, ..])
            .ToDictionary(words => words[0], words => long.Parse(words[1], CultureInfo.InvariantCulture), StringComparer.Ordinal);
        return (int)(100 - (100 * fields["MemAvailable"] / fields["MemTotal"]));
    }

    /// <summary>The first number of <c>/proc/loadavg</c> against the number of processors.</summary>
    public static int LoadPercent(string text) =>
        (int)(100 * double.Parse(text.Split(' ')[0], CultureInfo.InvariantCulture) / Environment.ProcessorCount);

    private static async Task<ProbeAnswer> PingAsync(ProbeTarget.Ping target, TimeSpan patience, CancellationToken cancel) =>
        await EchoQuestion.AskAsync(target.Address, patience, cancel)
            ? new ProbeAnswer(true, $"{target.Address} answers")
            : new ProbeAnswer(false, $"{target.Address}: no answer within {patience.TotalMilliseconds:F0} ms");

    private static async Task<ProbeAnswer> ConnectAsync(ProbeTarget.Tcp target, CancellationToken cancel)
    {
        using var socket = new Socket(target.Service.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(target.Service, cancel);
        return new ProbeAnswer(true, $"{target.Service} takes connections");
    }

    private static async Task<ProbeAnswer> GetAsync(ProbeTarget.Http target, CancellationToken cancel)
    {
        using var answer = await Http.GetAsync(target.Page, HttpCompletionOption.ResponseHeadersRead, cancel);
        return new ProbeAnswer((int)answer.StatusCode < 400, $"{target.Page} answers {(int)answer.StatusCode}");
    }

    /// <summary>What nobody was there to run says nothing of the target: a unit does not lose its role by it.</summary>
    private static async Task<ProbeAnswer> RunAsync(ProbeTarget.Exec target, TimeSpan patience, IRootWork work, CancellationToken cancel)
    {
        var ended = await work.ProbeAsync(target.Command, patience, cancel);
        if (!ended.Ran)
        {
            return new ProbeAnswer(true, $"{target.Command} was not run, and does not count: {ended.Why}");
        }

        var said = ended.Output.Split('\n')[^1].Trim();
        said = said.Length == 0 ? "" : $" ({(said.Length > OutputMax ? said[..OutputMax] : said)})";
        return ended.Why is null
            ? new ProbeAnswer(true, $"{target.Command} exits with 0{said}")
            : new ProbeAnswer(false, $"{target.Command}: {ended.Why}{said}");
    }

    private static ProbeAnswer Judge(string what, int percent, int percentMax) =>
        new(percent <= percentMax, $"{what}: {percent}%{(percent <= percentMax ? "" : $", more than {percentMax}%")}");

    private static string Describe(ProbeTarget target) =>
        target switch
        {
            ProbeTarget.Ping ping => ping.Address.ToString(),
            ProbeTarget.Tcp tcp => tcp.Service.ToString(),
            ProbeTarget.Http http => http.Page.ToString(),
            _ => "this unit",
        };
}
