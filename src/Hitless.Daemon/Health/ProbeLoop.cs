using System.Net;
using Hitless.Core.Api;
using Hitless.Core.Cluster;
using Hitless.Core.Configuration;
using Hitless.Daemon.Common;
using Hitless.Daemon.Configuration;
using Hitless.Linux.Scheduling;

namespace Hitless.Daemon.Health;

/// <summary>
/// Asks each probe's target in its own task, standby or primary alike, and tells what failing ones cost the unit now. A standby that
/// reaches a target from a virtual address only (one public address,
/// and no own one beside it) cannot ask: that probe counts on the primary alone.
/// </summary>
public sealed class ProbeLoop : IAsyncDisposable
{
    private static readonly TimeSpan PatienceMax = TimeSpan.FromSeconds(5);

    private readonly IReadOnlyList<ProbeSettings> probes;
    private readonly Action<int> penaltyChanged;
    private readonly EventLog events;
    private readonly IRootWork work;
    private readonly ProbeTally tally;
    private readonly string?[] details;
    private readonly bool[] passedOver;
    private readonly HashSet<IPAddress> virtualAddresses;
    private volatile bool primary;
    private readonly CancellationTokenSource ending = new();
    private readonly Task[] tasks;

    /// <summary>Starts at once. <paramref name="penaltyChanged"/> is called from the probes' tasks, one at a time.</summary>
    public ProbeLoop(
        IReadOnlyList<ProbeSettings> probes,
        int threshold,
        IEnumerable<IPAddress> virtualAddresses,
        Action<int> penaltyChanged,
        EventLog events,
        IRootWork work
    )
    {
        this.virtualAddresses = [.. virtualAddresses];
        passedOver = new bool[probes.Count];
        this.probes = probes;
        this.penaltyChanged = penaltyChanged;
        this.events = events;
        this.work = work;
        tally = new ProbeTally([.. probes.Select(p => (p.Weight, p.FailAfter))], threshold);
        details = new string?[probes.Count];
        tasks = [.. probes.Select((probe, i) => StandingTask.Run($"the probe {probe.Name}", () => ProbeAsync(i), events, ending.Token))];
    }

    /// <summary>Whether the unit answers for the virtual addresses: then it can ask from them.</summary>
    public bool Primary
    {
        get => primary;
        set => primary = value;
    }

    /// <summary>The probes as they stand.</summary>
    public IReadOnlyList<HealthStatus> Status()
    {
        lock (tally)
        {
            return
            [
                .. probes.Select(
                    (p, i) =>
                        new HealthStatus(
                            p.Name,
                            details[i] is null || passedOver[i] ? ProbeResult.Unknown
                                : tally.Fails(i) ? ProbeResult.Failing
                                : ProbeResult.Passing,
                            details[i]
                        )
                ),
            ];
        }
    }

    /// <summary>How long a target may take to answer.</summary>
    public static TimeSpan PatienceOf(ProbeSettings probe) => probe.Interval < PatienceMax ? probe.Interval : PatienceMax;

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await ending.CancelAsync();
        await Task.WhenAll(tasks).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        ending.Dispose();
    }

    private async Task ProbeAsync(int index)
    {
        var probe = probes[index];
        var patience = PatienceOf(probe);
        var misses = new LateMisses();
        using var timer = new PeriodicTimer(probe.Interval);
        do
        {
            if (!Primary && ProbeQuestion.SourceTo(probe.Target) is { } source && virtualAddresses.Contains(source))
            {
                PassOver(index, source);
                continue;
            }

            var asked = MonotonicClock.Now;
            var answer = await ProbeQuestion.AskAsync(probe.Target, patience, work, ending.Token);
            if (misses.Counts(answer.Well, MonotonicClock.Now - asked, patience))
            {
                Take(index, answer);
            }
        } while (await timer.WaitForNextTickAsync(ending.Token));
    }

    private void PassOver(int index, IPAddress source)
    {
        lock (tally)
        {
            passedOver[index] = true;
            details[index] = $"asked on the primary only: this unit has no own address on that network, only the virtual address {source}";
            if (tally.Take(index, answered: true))
            {
                events.Add(EventKinds.Health, $"{probes[index].Name} does not count on this standby: {details[index]}");
                penaltyChanged(tally.Penalty);
            }
        }
    }

    private void Take(int index, ProbeAnswer answer)
    {
        lock (tally)
        {
            passedOver[index] = false;
            details[index] = answer.Detail;
            if (tally.Take(index, answer.Well))
            {
                events.Add(EventKinds.Health, $"{probes[index].Name} {(answer.Well ? "passes again" : "fails")}: {answer.Detail}");
                penaltyChanged(tally.Penalty);
            }
        }
    }
}
