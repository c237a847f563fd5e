using System.Globalization;
using Hitless.Core.Api;
using Hitless.Core.Upgrade;
using Hitless.Daemon.Common;
using Hitless.Daemon.Control;
using Hitless.Daemon.Peers;

namespace Hitless.Daemon.Upgrade;

/// <summary>Asks units for steps: this one directly, the others through their peer servers.</summary>
public sealed class StepTargets(string self, ControlLoop control, PeerClient peers, UnitSteps own)
{
    private static readonly TimeSpan StepTimeout = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan QuestionTimeout = TimeSpan.FromSeconds(60);

    /// <summary>Has a unit take a step of a run; what it says of it. Throws what prevented it.</summary>
    public async Task<string?> AskAsync(string target, string step, RunHeader header, CancellationToken cancel)
    {
        // A driver that was itself to get the image has it from whoever is there.
        var source = target != self ? self : (await control.ViewAsync()).Peers.FirstOrDefault(p => p.Present)?.Name ?? self;
        var request = new StepRequest(
            step,
            header.Run,
            header.Image,
            await VersionAsync(target, step, header),
            source,
            header.AcceptConversion,
            header.Simultaneous
        );
        return await AskAsync(target, request, StepTimeout, cancel);
    }

    /// <summary>The bytes that are free for slots and images on a unit; null if it does not know the question.</summary>
    public async Task<long?> FreeBytesAsync(string unit, CancellationToken cancel) =>
        long.TryParse(await QuestionAsync(unit, RunStep.Room, cancel), CultureInfo.InvariantCulture, out var free) ? free : null;

    /// <summary>Whether a unit's hitless-boot can reboot its machine; null if that is not known.</summary>
    public async Task<bool?> CanRebootAsync(string unit, CancellationToken cancel) =>
        RebootAnswer.Of(await QuestionAsync(unit, RunStep.Reboot, cancel)).Can;

    /// <summary>What a unit says of itself.</summary>
    public Task<UnitStatus> StatusAsync(string unit, TimeSpan timeout, CancellationToken cancel) =>
        peers.CallAsync(unit, UpgradeCalls.Status, new PeerQuestion(self), timeout, cancel);

    /// <summary>Tells a unit that is to become primary which sessions stood before.</summary>
    public Task PutSnapshotAsync(string unit, SessionSnapshot snapshot, TimeSpan timeout, CancellationToken cancel) =>
        peers.CallAsync(unit, UpgradeCalls.PutSnapshot, snapshot, timeout, cancel);

    /// <summary>Whether each unit that is to go back still holds the version in its other slot.</summary>
    public async Task<IReadOnlyList<CheckResult>> OldSlotsAsync(RunHeader header, CancellationToken cancel)
    {
        List<CheckResult> checks = [];
        foreach (var unit in header.Members.Select(member => member.Name).Where(header.Includes))
        {
            checks.Add(await OldSlotAsync(unit, header, cancel));
        }

        return checks;
    }

    private async Task<CheckResult> OldSlotAsync(string unit, RunHeader header, CancellationToken cancel)
    {
        try
        {
            return new CheckResult("old-slot", CheckOutcome.Pass, $"{unit}: {await AskAsync(unit, RunStep.Spare, header, cancel)}", null);
        }
        catch (Exception e) when (e is RefusedException or PeerException)
        {
            var remedy = (e as RefusedException)?.Remedy ?? ((PeerException)e).Refusal.Remedy;
            return new CheckResult("old-slot", CheckOutcome.Fail, $"{unit}: {e.Message}", remedy);
        }
    }

    private async Task<string?> QuestionAsync(string unit, string question, CancellationToken cancel)
    {
        try
        {
            return await AskAsync(unit, new StepRequest(question, "", "", "", self), QuestionTimeout, cancel);
        }
        catch (PeerException)
        {
            return null;
        }
    }

    private async Task<string?> AskAsync(string target, StepRequest request, TimeSpan timeout, CancellationToken cancel) =>
        (
            target == self
                ? await own.TakeAsync(request, cancel)
                : await peers.CallAsync(target, UpgradeCalls.Step, request, timeout, cancel)
        ).Detail;

    /// <summary>
    /// The version that the target is to run after the step. To revert is to start from the other slot: a run that takes another one back
    /// does that on its way forward too.
    /// </summary>
    private async Task<string> VersionAsync(string target, string step, RunHeader header)
    {
        var before = header.Members.FirstOrDefault(m => m.Name == target)?.Version ?? header.From;
        if (step != RunStep.Revert)
        {
            return header.To;
        }

        return header.TakesBack is not null && (await control.ViewAsync()).Units.FirstOrDefault(u => u.Name == target)?.Version == before
            ? header.To
            : before;
    }
}
