using Hitless.Core.Api;
using Hitless.Core.Cluster;
using Hitless.Core.Status;
using Hitless.Daemon.Common;
using Hitless.Daemon.Control;
using Hitless.Daemon.Maintenance;
using Hitless.Daemon.Peers;
using Hitless.Daemon.Upgrade;

namespace Hitless.Daemon;

/// <content>What the unit says of itself and of the cluster.</content>
public sealed partial class Unit
{
    /// <inheritdoc/>
    public async Task<ClusterStatus> StatusAsync(CancellationToken cancel)
    {
        var view = await control.ViewAsync();
        var run = RunNow();
        var rows = await Task.WhenAll(view.Units.Select(u => u.Id == view.Self.Id ? OwnStatusAsync(view) : StatusOfAsync(u, view, cancel)));
        var units = rows.Select(u => MarkUpgrading(u, run)).OrderBy(u => u.Name, StringComparer.Ordinal).ToArray();
        var problems = ClusterHealth.Problems(
            [
                .. view.Complaints,
                .. disk.Problems,
                .. control.RoutingProblems,
                .. Notices?.Problems ?? [],
                .. slots.Backend.Leftover is { } leftover ? [leftover] : Array.Empty<string>(),
                .. Root.Problem is { } apply ? [$"{Name}: {apply}"] : Array.Empty<string>(),
                .. Keys.Problem is { } rotation ? [rotation] : Array.Empty<string>(),
                .. await sessions.LinkProblemAsync() is { } link ? [link] : Array.Empty<string>(),
            ],
            view.Primary?.Name,
            1 + settings.Heartbeat.Links.Max(l => l.Peers.Count),
            units
        );
        return new ClusterStatus(
            settings.Cluster.Name,
            settings.Cluster.ActiveActive ? "active-active" : "active-passive",
            ClusterHealth.Of(view.Primary?.Name, problems),
            view.Epoch.Number,
            view.Primary?.Name,
            Name,
            units,
            run is { State.HasEnded: true } ? null : run,
            problems
        );
    }

    private async Task<UnitStatus> OwnStatusAsync(ClusterView view)
    {
        var replication = await sessions.StatusAsync();
        var tally = await sessions.TallyAsync();
        var head = configuration.Current;
        return Describe(view.Self, view, view.Reason, BootName()) with
        {
            Sessions = replication.Sessions,
            SessionLag = replication.LagMs,
            Replication = replication,
            SessionClasses = tally?.Classes(),
            SessionCauses = tally?.Causes(Name) ?? [],
            ConfigurationRevision = head?.Number ?? 0,
            Health = probes.Status(),
            Forwarding = forwarding.Status,
            Services = roles.Status,
            Hold = MaintenanceService.StatusOf(view.Hold),
            Heartbeat = SilenceOf(view),
            Clock = TimeProvider.System.GetUtcNow(),
            ClockAheadMs = 0,
            Balance = Balance?.Status,
        };
    }

    private HeartbeatStatus SilenceOf(ClusterView view) =>
        new(
            Milliseconds(view.LongestSilence),
            (settings.Heartbeat.Interval * settings.Heartbeat.LostThreshold).TotalMilliseconds,
            [
                .. view.Limits.Select(peer => new SilenceStatus(
                    peer.Unit,
                    Milliseconds(peer.Limits.Silence),
                    Milliseconds(peer.Limits.Stall),
                    peer.Limits.Echo is { } echo ? Milliseconds(echo) : null,
                    peer.Limits.Reason
                )),
            ]
        );

    private static double Milliseconds(TimeSpan time) => Math.Round(time.TotalMilliseconds, 1);

    /// <summary>What a peer says of itself; what its heartbeats said if it does not answer.</summary>
    private async Task<UnitStatus> StatusOfAsync(UnitView unit, ClusterView view, CancellationToken cancel)
    {
        if (unit.Present)
        {
            try
            {
                var asked = TimeProvider.System.GetUtcNow();
                var answer = await peers.CallAsync(unit.Name, UpgradeCalls.Status, new PeerQuestion(Name), PeerTimeout, cancel);
                return answer with { ClockAheadMs = ClockComparison.AheadMs(answer.Clock, asked, TimeProvider.System.GetUtcNow()) };
            }
            catch (PeerException)
            {
                return Describe(unit, view, "heard by heartbeat only: its API does not answer", "");
            }
        }

        return Describe(unit, view, "not heard", "");
    }

    private UnitStatus Describe(UnitView unit, ClusterView view, string reason, string slot)
    {
        var sameRevision =
            view.Primary is not { } primary || !unit.Present ? SyncState.Unknown
            : unit.RevisionTag == primary.RevisionTag ? SyncState.InSync
            : SyncState.OutOfSync;
        var monitored = settings
            .Interfaces.Where(p => p.Monitor)
            .Select((p, i) => new InterfaceStatus(p.Name, unit.Present && (unit.PortsUp >> i & 1) != 0));
        return new UnitStatus(
            unit.Name,
            UnitWording.Of(unit.Role),
            UnitWording.Of(unit.State),
            reason,
            unit.Version,
            slot,
            unit.Priority,
            unit.Override,
            (long)unit.Age.TotalSeconds,
            unit.Sessions,
            0,
            sameRevision,
            unit.Revision,
            [.. monitored],
            []
        )
        {
            Incarnation = unit.Tag.ToString(),
        };
    }

    private static UnitStatus MarkUpgrading(UnitStatus unit, RunStatus? run) =>
        run is not null
        && (run.State == RunState.Running || run.State == RunState.RollingBack)
        && run.Unit == unit.Name
        && unit.State.ComesBack
            ? unit with
            {
                State = UnitStateWord.Upgrading,
                Reason = run.Text,
            }
            : unit;

    private static UnitView PrimaryOf(ClusterView view) =>
        view.Primary
        ?? throw new RefusedException(
            ProblemTypes.NoPrimary.Refuse("nobody is primary now", "wait some seconds and try again; hitless status tells why")
        );
}
