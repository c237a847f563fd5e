using System.Net.NetworkInformation;
using Hitless.Core.Api;
using Hitless.Core.Configuration;
using Hitless.Daemon.Control;

namespace Hitless.Daemon.Health;

/// <summary>Asks each probe's target in its own task, standby or primary alike, and tells how many fail now.</summary>
public sealed class ProbeLoop : IAsyncDisposable
{
    private readonly IReadOnlyList<ProbeSettings> probes;
    private readonly Action<int> failingChanged;
    private readonly EventLog events;
    private readonly int[] misses;
    private readonly string?[] details;
    private readonly CancellationTokenSource ending = new();
    private readonly Task[] tasks;

    /// <summary>Starts at once. <paramref name="failingChanged"/> is called from the probes' tasks.</summary>
    public ProbeLoop(IReadOnlyList<ProbeSettings> probes, Action<int> failingChanged, EventLog events)
    {
        this.probes = probes;
        this.failingChanged = failingChanged;
        this.events = events;
        misses = new int[probes.Count];
        details = new string?[probes.Count];
        tasks = [.. Enumerable.Range(0, probes.Count).Select(i => Task.Run(() => ProbeAsync(i)))];
    }

    /// <summary>The probes as they stand.</summary>
    public IReadOnlyList<HealthStatus> Status() =>
        [.. probes.Select((p, i) => new HealthStatus(p.Name, details[i] is null ? "unknown" : Fails(i) ? "failing" : "passing", details[i]))];

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await ending.CancelAsync();
        await Task.WhenAll(tasks).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        ending.Dispose();
    }

    private bool Fails(int index) => Volatile.Read(ref misses[index]) >= probes[index].FailAfter;

    private async Task ProbeAsync(int index)
    {
        var probe = probes[index];
        using var timer = new PeriodicTimer(probe.Interval);
        do
        {
            var failed = Fails(index);
            var answer = await PingAsync(probe);
            details[index] = answer ?? $"{probe.Ping} answers";
            misses[index] = answer is null ? 0 : Math.Min(misses[index] + 1, probe.FailAfter);
            if (Fails(index) != failed)
            {
                events.Add(EventKinds.Health, $"{probe.Name}: {details[index]}");
                failingChanged(Enumerable.Range(0, probes.Count).Count(Fails));
            }
        }
        while (await timer.WaitForNextTickAsync(ending.Token));
    }

    /// <summary>Null if the target answered, else why not.</summary>
    private static async Task<string?> PingAsync(ProbeSettings probe)
    {
        try
        {
            using var ping = new Ping();
            var reply = await ping.SendPingAsync(probe.Ping, probe.Interval);
            return reply.Status == IPStatus.Success ? null : $"{probe.Ping}: {reply.Status}";
        }
        catch (PingException e)
        {
            return $"{probe.Ping}: {e.InnerException?.Message ?? e.Message}";
        }
    }
}
