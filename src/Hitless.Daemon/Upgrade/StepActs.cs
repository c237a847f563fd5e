using Hitless.Core.Api;
using Hitless.Core.Cluster;
using Hitless.Core.Configuration;
using Hitless.Core.Upgrade;
using Hitless.Daemon.Api;
using Hitless.Daemon.Control;
using Hitless.Daemon.Peers;

namespace Hitless.Daemon.Upgrade;

/// <summary>What the unit that drives a run does for each step: asks the target, compares, switches. Throws what prevents it.</summary>
public sealed class StepActs(
    string self,
    UpgradeSettings settings,
    ControlLoop control,
    PeerClient peers,
    UnitSteps own,
    Func<string, CancellationToken, Task<SessionDifference>> compareSessions,
    Func<string, CancellationToken, Task<SessionSnapshot>> snapshotSessions,
    Readiness readiness,
    Func<CancellationToken, Task<SyncReport>> configurationReport)
{
    private static readonly TimeSpan StepTimeout = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan SettleTimeout = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(300);
    private SessionSnapshot? snapshot;

    /// <summary>The sessions that stood before a switch to this unit, as the former primary told.</summary>
    public void Keep(SessionSnapshot received) => snapshot = received;

    /// <summary>Brings about the goal of a step.</summary>
    public async Task<(string? Detail, RunSessions? Sessions, double? GapMs)> ActAsync(RunStep step, RunHeader header, CancellationToken cancel) => step.Name switch
    {
        RunStep.Preflight => (await PreflightAsync(header, cancel), null, null),
        RunStep.Backup => (await BackUpAsync(header, cancel), null, null),
        RunStep.Verify => (await VerifyAsync(step.Target!, cancel), null, null),
        RunStep.Switchover => (await SwitchOverAsync(step.Target!, header, cancel), null, null),
        RunStep.ServiceCheck => await CheckServiceAsync(header),
        RunStep.FinalPrimary => (await control.RenegotiateAsync("after the upgrade"), null, null),
        _ => (await AskAsync(step.Target!, step.Name, header, cancel), null, null),
    };

    private async Task<string> PreflightAsync(RunHeader header, CancellationToken cancel)
    {
        var failed = (await readiness.CheckAsync(header.Image, duringRun: true, cancel)).Checks.FirstOrDefault(c => c.Result == "fail");
        return failed is null ? "all checks passed" : throw new RefusedException($"{failed.Id}: {failed.Text}", failed.Remedy ?? "hitless upgrade check tells more");
    }

    private async Task<string> BackUpAsync(RunHeader header, CancellationToken cancel)
    {
        List<string> made = [];
        foreach (var member in header.Members)
        {
            made.Add($"{member.Name}: {await AskAsync(member.Name, RunStep.Backup, header, cancel)}");
        }

        return string.Join("; ", made);
    }

    /// <summary>Waits until what would not survive a switch to the target is within the limit, and its configuration is the primary's.</summary>
    private async Task<string> VerifyAsync(string target, CancellationToken cancel)
    {
        if (target == self)
        {
            return "carries the traffic itself";
        }

        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(SettleTimeout);
        while (true)
        {
            var difference = await compareSessions(target, limit.Token);
            var breaking = difference.Entries.Count(e => e.Fate == "breaks");
            var report = await configurationReport(limit.Token);
            var unit = report.Units.FirstOrDefault(u => u.Unit == target);
            var withinLimit = breaking <= settings.SessionDifferenceLimit * Math.Max(1, difference.Compared) && difference.Critical == 0;
            if (withinLimit && unit?.State == "in-sync")
            {
                return $"{difference.Compared} sessions compared, {breaking} would break, {difference.Critical} of them critical; configuration revision {unit.Revision} in sync";
            }

            try
            {
                await Task.Delay(LookAgain, limit.Token);
            }
            catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
            {
                throw new RefusedException(
                    withinLimit ? $"the configuration of {target} is {unit?.State ?? "unknown"}: {unit?.Why}" : $"{breaking} of {difference.Compared} sessions would break, {difference.Critical} of them critical",
                    withinLimit ? "hitless config report" : "hitless sessions diff");
            }
        }
    }

    private async Task<string> SwitchOverAsync(string target, RunHeader header, CancellationToken cancel)
    {
        if (target == self)
        {
            return $"{self} is primary";
        }

        var view = await control.ViewAsync();
        var unit = view.Peers.FirstOrDefault(p => p.Name == target && p.Ready)
            ?? throw new PeerException(PeerFailureKind.Unreachable, target, new Refusal($"{target} is not a standby that is ready", "hitless status"));
        await peers.CallAsync(target, UpgradeCalls.PutSnapshot, await snapshotSessions(header.Run, cancel), SettleTimeout, cancel);
        return await control.SwitchOverAsync(unit.Id, $"upgrade {header.Run}");
    }

    /// <summary>Holds this unit's table against the sessions that the former primary had right before the switch.</summary>
    private async Task<(string? Detail, RunSessions? Sessions, double? GapMs)> CheckServiceAsync(RunHeader header)
    {
        var gap = (await control.ViewAsync()).LastGap.TotalMilliseconds;
        if (snapshot is not { } before || before.Run != header.Run)
        {
            return ("this unit became primary without a planned switch: what it held is not known", null, gap);
        }

        HashSet<ulong> here = [.. (await snapshotSessions(header.Run, CancellationToken.None)).Keys];
        var lost = before.Keys.Count(k => !here.Contains(k));
        var critical = before.Critical.Count(k => !here.Contains(k));
        return ($"{before.Keys.Count - lost} of {before.Keys.Count} sessions came along", new RunSessions(before.Keys.Count, before.Keys.Count - lost, lost, critical), gap);
    }

    private async Task<string?> AskAsync(string target, string step, RunHeader header, CancellationToken cancel)
    {
        // A driver that was itself to get the image has it from whoever is there.
        var source = target != self ? self : (await control.ViewAsync()).Peers.FirstOrDefault(p => p.Present)?.Name ?? self;
        var request = new StepRequest(step, header.Run, header.Image, step == RunStep.Revert ? header.From : header.To, source);
        var answer = target == self
            ? await own.TakeAsync(request, cancel)
            : await peers.CallAsync(target, UpgradeCalls.Step, request, StepTimeout, cancel);
        return answer.Detail;
    }
}
