using Hitless.Core.Configuration;
using Hitless.Core.Upgrade;
using Hitless.Daemon.Common;

namespace Hitless.Daemon.Upgrade;

/// <summary>
/// While this unit drives a run: looks every few seconds at the pages of alerts that gates of the run wait for. What was not answered
/// lately counts as shut.
/// </summary>
public sealed class AlertWatch : IDisposable
{
    private const int AnswerMaxBytes = 1 << 20;
    private static readonly TimeSpan Between = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);
    private readonly HttpClient http = new(new SocketsHttpHandler { AllowAutoRedirect = false, ConnectTimeout = Patience })
    {
        Timeout = Patience,
        MaxResponseContentBufferSize = AnswerMaxBytes,
    };

    private readonly ChangeSignal turned = new();
    private IReadOnlyList<OutsideGate> gates = [];
    private IReadOnlyList<GateSight> seen = [];

    /// <summary>What the pages have shown; those that were not asked yet are not among them.</summary>
    public IReadOnlyList<GateSight> Seen => Volatile.Read(ref seen);

    /// <summary>The gates of the run that this unit drives; none: it drives no run.</summary>
    public void Follow(IReadOnlyList<OutsideGate> now)
    {
        if (!now.SequenceEqual(Volatile.Read(ref gates)))
        {
            Volatile.Write(ref seen, []);
            Volatile.Write(ref gates, [.. now]);
            turned.Raise();
        }
    }

    /// <summary>Looks until <paramref name="cancel"/>.</summary>
    public async Task RunAsync(CancellationToken cancel)
    {
        while (true)
        {
            var turning = turned.Next;
            var pages = Volatile.Read(ref gates).Where(gate => gate.Alerts is not null).ToArray();
            if (pages.Length > 0)
            {
                Volatile.Write(ref seen, await Task.WhenAll(pages.Select(page => LookAsync(page, cancel))));
            }

            await ChangeSignal.WaitAsync(turning, pages.Length > 0 ? Between : Timeout.InfiniteTimeSpan, cancel);
        }
    }

    private async Task<GateSight> LookAsync(OutsideGate gate, CancellationToken cancel)
    {
        try
        {
            using var answer = await http.GetAsync(gate.Alerts, cancel);
            if (!answer.IsSuccessStatusCode)
            {
                return new GateSight(gate.Name, Open: false, $"{gate.Alerts} answers {(int)answer.StatusCode}");
            }

            var (open, why) = AlertPage.Read(await answer.Content.ReadAsByteArrayAsync(cancel));
            return new GateSight(gate.Name, open, $"{gate.Alerts} shows {why}");
        }
        catch (HttpRequestException e)
        {
            return new GateSight(gate.Name, Open: false, $"{gate.Alerts} cannot be asked: {e.InnerException?.Message ?? e.Message}");
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            return new GateSight(gate.Name, Open: false, $"{gate.Alerts} does not answer within {Patience.TotalSeconds} s");
        }
    }

    /// <inheritdoc/>
    public void Dispose() => http.Dispose();
}
