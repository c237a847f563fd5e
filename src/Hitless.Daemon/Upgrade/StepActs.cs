using Hitless.Core.Api;
using Hitless.Core.Cluster;
using Hitless.Core.Configuration;
using Hitless.Core.Forwarding;
using Hitless.Core.Upgrade;
using Hitless.Daemon.Balance;
using Hitless.Daemon.Common;
using Hitless.Daemon.Control;
using Hitless.Linux.Scheduling;

namespace Hitless.Daemon.Upgrade;

/// <summary>What the unit that drives a run does for each step: asks the target, compares, switches. Throws what prevents it.</summary>
public sealed class StepActs(
    string self,
    UpgradeSettings settings,
    ControlLoop control,
    StepTargets targets,
    SessionTables tables,
    PreflightReader preflight,
    RunConfiguration configuration
)
{
    private static readonly TimeSpan SettleTimeout = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan BackTimeout = TimeSpan.FromMilliseconds(300);
    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(300);
    private static readonly TimeSpan BalanceOffTimeout = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan CountTime = TimeSpan.FromMilliseconds(500);
    private SessionSnapshot? snapshot;
    private TimeSpan snapshotAt;

    /// <summary>What shares the flows out; null: nothing does.</summary>
    public BalanceLoop? Balance { get; set; }

    /// <summary>The sessions that stood before a switch to this unit, as the former primary told.</summary>
    public void Keep(SessionSnapshot received) => (snapshot, snapshotAt) = (received, MonotonicClock.Now);

    /// <summary>Brings about the goal of a step.</summary>
    public async Task<(string? Detail, RunSessions? Sessions, double? GapMs)> ActAsync(
        RunStep step,
        RunHeader header,
        CancellationToken cancel
    ) =>
        step.Name switch
        {
            RunStep.Preflight => (await PreflightAsync(header, cancel), null, null),
            RunStep.BalanceOff => (await TurnBalanceOffAsync(cancel), null, null),
            RunStep.BalanceOn => ("standbys take their shares again, step by step", null, null),
            RunStep.Backup => (await BackUpAsync(header, cancel), null, null),
            RunStep.Verify => (await VerifyAllAsync(step.Targets, header, cancel), null, null),
            RunStep.Switchover or RunStep.TrialSwitchover => await SwitchOverAsync(step, header, cancel),
            RunStep.ServiceCheck => await CheckServiceAsync(header, cancel),
            RunStep.FinalPrimary => await ChooseLastAsync(header, cancel),
            _ => (string.Join("; ", await AskAllAsync(step, header, cancel)), null, null),
        };

    /// <summary>
    /// Who drives the run is asked last, and only if all others have agreed: it may restart, and one that refuses is a reason not to.
    /// </summary>
    private async Task<IEnumerable<string?>> AskAllAsync(RunStep step, RunHeader header, CancellationToken cancel)
    {
        var answers = await Task.WhenAll(
            step.Targets.Where(target => target != self).Select(target => targets.AskAsync(target, step.Name, header, cancel))
        );
        return step.Targets.Contains(self) ? answers.Append(await targets.AskAsync(self, step.Name, header, cancel)) : answers;
    }

    private async Task<string> PreflightAsync(RunHeader header, CancellationToken cancel)
    {
        var check = await preflight.CheckAsync(header, duringRun: true, cancel);
        return check.Checks.FirstOrDefault(c => c.Result == CheckOutcome.Fail) is { } failed
            ? throw new RefusedException($"{failed.Id}: {failed.Text}", failed.Remedy ?? "hitless upgrade check tells more")
            : string.Join(
                "; ",
                check
                    .Checks.Where(c => c.Result == CheckOutcome.Warn)
                    .Select(c => $"warning {c.Id}: {c.Text}")
                    .Prepend($"{check.Checks.Count(c => c.Result == CheckOutcome.Pass)} checks passed")
            );
    }

    /// <summary>
    /// An open run keeps load balancing off; here it is waited for, and seen by the counters of the standbys' kernels.
    /// </summary>
    private async Task<string> TurnBalanceOffAsync(CancellationToken cancel)
    {
        if (Balance is null || !await Balance.UntilQuietAsync(BalanceOffTimeout, cancel))
        {
            throw new RefusedException("load balancing could not be turned off in time", "hitless status tells who has buckets still");
        }

        string? busy = null;
        for (var until = MonotonicClock.Now + BalanceOffTimeout; MonotonicClock.Now < until; )
        {
            var before = await Balance.ForwardedAsync(cancel);
            await Task.Delay(CountTime, cancel);
            var after = await Balance.ForwardedAsync(cancel);
            busy = after.FirstOrDefault(each => before.TryGetValue(each.Key, out var had) && each.Value != had).Key;
            if (busy is null)
            {
                return after.Count == 0
                    ? "the primary carries all flows; no other unit answers"
                    : "the primary carries all flows; "
                        + $"{string.Join(", ", after.Keys)} forwarded no packet for {CountTime.TotalMilliseconds:F0} ms";
            }
        }

        throw new RefusedException(
            $"{busy} forwards packets although no flow is handed to it",
            $"look on {busy} with tcpdump for hosts that use its own address as their gateway"
        );
    }

    private async Task<string> BackUpAsync(RunHeader header, CancellationToken cancel)
    {
        List<string> made = [];
        foreach (var member in header.Members)
        {
            made.Add($"{member.Name}: {await targets.AskAsync(member.Name, RunStep.Backup, header, cancel)}");
        }

        return string.Join("; ", made);
    }

    private async Task<string> VerifyAllAsync(IReadOnlyList<string> targets, RunHeader header, CancellationToken cancel) =>
        string.Join("; ", await Task.WhenAll(targets.Select(target => VerifyAsync(target, header, cancel))));

    /// <summary>
    /// Waits until what would not survive a switch to the target is within the limit, and its configuration is the primary's.
    /// </summary>
    private async Task<string> VerifyAsync(string target, RunHeader header, CancellationToken cancel)
    {
        if (target == self)
        {
            return "carries the traffic itself";
        }

        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(SettleTimeout);
        while (true)
        {
            var difference = await tables.CompareAsync(target, limit.Token);
            var gate = SessionGate.Of(difference, settings.SessionDifferenceLimit, header);
            var report = await configuration.ReportAsync(limit.Token);
            var unit = report.Units.FirstOrDefault(u => u.Unit == target);
            var forwarding = await ForwardingOfAsync(target, limit.Token);
            if (gate.IsOpen && unit?.State == SyncState.InSync && forwarding is null)
            {
                return $"{ForecastText(difference, gate)}; configuration revision {unit.Revision} in sync";
            }

            try
            {
                await Task.Delay(LookAgain, limit.Token);
            }
            catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
            {
                if (forwarding is not null)
                {
                    throw new RefusedException(forwarding, "hitless status");
                }

                throw new RefusedException(
                    gate.IsOpen
                        ? $"the configuration of {target} is {unit?.State ?? SyncState.Unknown}: {unit?.Why}"
                        : ForecastText(difference, gate),
                    gate.IsOpen ? "hitless config report" : "hitless sessions diff"
                );
            }
        }
    }

    /// <summary>Why the target would not forward as the primary does; null: it would.</summary>
    private async Task<string?> ForwardingOfAsync(string target, CancellationToken cancel)
    {
        try
        {
            var status = await targets.StatusAsync(target, SettleTimeout, cancel);
            return status.Forwarding is { AsPrimary: false } forwarding
                ? $"{target} would not forward as {self} does: {ForwardingComparison.Describe(forwarding.Differences[0], self, target)}"
                : null;
        }
        catch (PeerException e)
        {
            return $"{target} does not say what it forwards by: {e.Message}";
        }
    }

    private static string ForecastText(SessionDifference difference, SessionGate gate)
    {
        var text = $"{difference.Compared} sessions compared, {gate.Breaking} would break, {gate.Critical} of them critical";
        return SessionGate.Lines(difference.Causes, withRemedies: false) is { Count: > 0 } lines
            ? $"{text}; {string.Join("; ", lines)}"
            : text;
    }

    private async Task<(string? Detail, RunSessions? Sessions, double? GapMs)> SwitchOverAsync(
        RunStep step,
        RunHeader header,
        CancellationToken cancel
    )
    {
        var target = step.Target!;
        var view = await control.ViewAsync();
        if (target == self)
        {
            // Back to a unit that no service check follows: what became of the sessions is seen here. Nothing depends on it.
            var goesBack = header.RehearseOnly ? step.Name == RunStep.Switchover : header.SwitchesBack(step, view.Self.Version);
            var sessions = goesBack ? await CompareWithFormerAsync(header, view.Epoch.Number, cancel) : null;
            return ($"{self} is primary{(sessions is null ? "" : $": {SessionComparison.Text(sessions)}")}", sessions, null);
        }

        var unit = view.Peers.FirstOrDefault(p => p.Name == target && p.Ready)
            ?? throw new PeerException(
                PeerFailureKind.Unreachable,
                target,
                new Refusal($"{target} is not a standby that is ready", "hitless status")
            );
        var back = header.SwitchesBack(step, unit.Version);
        var now = await tables.SnapshotAsync(header.Run, cancel) with { Step = step.Name };
        try
        {
            await targets.PutSnapshotAsync(target, now, back ? BackTimeout : SettleTimeout, cancel);
        }
        catch (PeerException) when (back)
        {
            // Where the traffic may be standing still, nothing waits for what the report could say.
        }

        return (await control.SwitchOverAsync(unit.Id, $"upgrade {header.Run}", back), null, null);
    }

    /// <summary>
    /// The cluster's rules choose who ends as primary; if that is another unit, it drives on and holds its sessions against those of this
    /// one.
    /// </summary>
    private async Task<(string? Detail, RunSessions? Sessions, double? GapMs)> ChooseLastAsync(RunHeader header, CancellationToken cancel)
    {
        var view = await control.ViewAsync();
        if (await CompareWithFormerAsync(header, view.Epoch.Number, cancel, atTheEnd: true) is { } sessions)
        {
            return ($"{view.Reason}; {SessionComparison.Text(sessions)}", sessions, view.LastGap.TotalMilliseconds);
        }

        var now = await tables.SnapshotAsync(header.Run, cancel) with { Step = RunStep.FinalPrimary };
        foreach (var peer in view.Peers.Where(p => p.Ready))
        {
            try
            {
                await targets.PutSnapshotAsync(peer.Name, now, SettleTimeout, cancel);
            }
            catch (PeerException)
            {
                // If it becomes primary all the same, the report says that its sessions are not known.
            }
        }

        var text = await control.RenegotiateAsync("after the upgrade");
        return (await control.ViewAsync()).Self.Role == UnitRole.Primary
            ? (text, null, null)
            : throw new OperationCanceledException($"{text}: it drives the run on");
    }

    /// <summary>
    /// What became of the sessions that the former primary had right before the switch that made this unit primary; null: it did not say.
    /// </summary>
    private async Task<RunSessions?> CompareWithFormerAsync(
        RunHeader header,
        long epoch,
        CancellationToken cancel,
        bool atTheEnd = false
    ) =>
        snapshot is { } before && before.IsOf(header.Run, epoch, atTheEnd)
            ? SessionComparison.Of(before, await tables.SnapshotAsync(header.Run, cancel), MonotonicClock.Now - snapshotAt)
            : null;

    /// <summary>
    /// Holds this unit's table against the sessions that the former primary had right before the switch. What could not follow was
    /// confirmed before it, and is no reason to go back.
    /// </summary>
    private async Task<(string? Detail, RunSessions? Sessions, double? GapMs)> CheckServiceAsync(RunHeader header, CancellationToken cancel)
    {
        var view = await control.ViewAsync();
        var gap = view.LastGap.TotalMilliseconds;
        if (await CompareWithFormerAsync(header, view.Epoch.Number, cancel) is not { } sessions)
        {
            return (
                $"not checked: {self} became primary without a planned switch, and what only the former primary held is not known",
                null,
                gap
            );
        }

        return sessions.LostUnforeseen <= settings.SessionDifferenceLimit * Math.Max(100, sessions.Before - sessions.LostForeseen)
            ? (SessionComparison.Text(sessions), sessions, gap)
            : throw new ServiceCheckException(
                new Refusal(
                    $"{sessions.LostUnforeseen} of {sessions.Before} sessions did not come along, {sessions.CriticalLost} critical "
                        + $"ones are lost",
                    "hitless sessions list"
                ),
                sessions,
                gap
            );
    }
}
