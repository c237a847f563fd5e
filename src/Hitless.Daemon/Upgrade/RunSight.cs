using Hitless.Core.Upgrade;

namespace Hitless.Daemon.Upgrade;

/// <summary>What the unit that drives a run sees beside the cluster: whether the traffic goes on, and pages of alerts.</summary>
public sealed class RunSight(ForwardingMonitor forwarding) : IDisposable
{
    private readonly AlertWatch alerts = new();

    /// <summary>The run that this unit drives; null: none.</summary>
    public void Follow(RunHeader? header)
    {
        forwarding.RunDriven = header is not null;
        alerts.Follow(header?.Gates ?? []);
    }

    /// <summary>The cluster as the run machine is to see it.</summary>
    /// <param name="units">The units.</param>
    /// <param name="allowedDropShare">The share of packets that a rehearsal dropped, 0 to 1.</param>
    public RunInput.Tick Tick(IReadOnlyList<UnitFacts> units, double allowedDropShare)
    {
        var judged = forwarding.Judged(allowedDropShare);
        return new RunInput.Tick(units, judged?.Traffic.Breach, judged?.DropShare)
        {
            Traffic = judged?.Traffic,
            Judging = judged is { Decided: false },
            Gates = alerts.Seen,
        };
    }

    /// <summary>Looks at pages of alerts until <paramref name="cancel"/>.</summary>
    public Task RunAsync(CancellationToken cancel) => alerts.RunAsync(cancel);

    /// <inheritdoc/>
    public void Dispose() => alerts.Dispose();
}
