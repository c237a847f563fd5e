using System.Runtime.InteropServices;
using Hitless.Core.Api;
using Hitless.Core.Configuration;
using Hitless.Core.Firmware;
using Hitless.Core.Forwarding;
using Hitless.Core.Upgrade;
using Hitless.Core.Wire;
using Hitless.Daemon.Control;
using Hitless.Daemon.Peers;
using Hitless.Firmware.Images;
using Hitless.Firmware.Signing;
using Hitless.Firmware.Slots;

namespace Hitless.Daemon.Upgrade;

/// <summary>
/// The readiness checks of <c>upgrade check</c>; a run's preflight takes the same. Each has an identifier that scripts can rely on.
/// </summary>
public sealed class Readiness(
    UnitSettings settings,
    ControlLoop control,
    ImageStore images,
    ISlotBackend slots,
    TrustStore trust,
    JournalStore journals,
    PeerClient peers,
    Func<string, CancellationToken, Task<SessionDifference>> compareSessions,
    Func<CancellationToken, Task<SyncReport>> configurationReport,
    Func<ImageFile, string, bool, CancellationToken, Task<CheckResult>> previewConversion,
    Func<CancellationToken, Task<int>> configurationSchema,
    Func<RunHeader, CancellationToken, Task<IReadOnlyList<CheckResult>>> spares,
    Func<string, CancellationToken, Task<long?>> freeBytes,
    Func<string, CancellationToken, Task<bool?>> canReboot
)
{
    private const int CommitLooks = 10;
    private const int SessionLooks = 4;
    private static readonly TimeSpan BetweenLooks = TimeSpan.FromMilliseconds(500);

    /// <summary>
    /// What this build is, for an image's rules; the configuration schema is that of a configuration that uses nothing new.
    /// </summary>
    public static RunningFirmware RunningHere { get; } =
        new(
            SemanticVersion.TryParse(RunningRelease.Version, out var version) ? version : default,
            RuntimeInformation.RuntimeIdentifier,
            new ProtocolRange(new ProtocolVersion(WireVersion.Major, 0), new ProtocolVersion(WireVersion.Major, RunningRelease.WireMinor)),
            RevisionSchema.Oldest
        );

    /// <summary>
    /// All checks of the run that <paramref name="header"/> describes; <paramref name="duringRun"/>: it is the open run that asks.
    /// </summary>
    public async Task<UpgradeCheck> CheckAsync(RunHeader header, bool duringRun, CancellationToken cancel)
    {
        List<CheckResult> checks = [];
        var view = await control.ViewAsync();
        if (header.TakesBack is not null)
        {
            checks.AddRange(await spares(header, cancel));
        }
        else
        {
            var needed = await CheckImageAsync(header, view, checks, cancel);
            await CheckRoomAsync(header, needed, checks, cancel);
            if (!header.RehearseOnly)
            {
                checks.Add(
                    header.Baseline is { } baseline
                        ? new CheckResult("rehearsal", "pass", baseline.ToString(), null)
                        : new CheckResult(
                            "rehearsal",
                            "pass",
                            "not rehearsed: the new primary is held against the former one only",
                            "hitless upgrade rehearse IMAGE measures what a switch costs under today's traffic"
                        )
                );
            }
        }

        CheckUnits(header, view, checks);
        checks.Add(
            settings.Heartbeat.Links.Count > 1
                ? new CheckResult("heartbeat-links", "pass", $"{settings.Heartbeat.Links.Count} heartbeat links", null)
                : new CheckResult(
                    "heartbeat-links",
                    "warn",
                    "one heartbeat link: if it fails, sessions do not follow until it is back, and heartbeats go through the ports only",
                    "add a second link to heartbeat.links"
                )
        );
        if (!duringRun)
        {
            checks.Add(
                Result(
                    "no-open-run",
                    !RunJournal.IsOpen(journals.Last()),
                    "no run is open",
                    "a run is open already",
                    "hitless upgrade status"
                )
            );
        }

        if (header.Simultaneous)
        {
            checks.Add(
                new CheckResult(
                    "interruption",
                    header.AcceptInterruption ? "warn" : "fail",
                    "every unit restarts at once: nobody stands by meanwhile, and the traffic may be interrupted",
                    "leave out --simultaneous; if it is really wanted: --accept-interruption"
                )
            );
        }

        CheckWindow(header, duringRun, checks);
        await CheckForwardingAsync(view, checks, cancel);
        await CheckConfigurationAsync(checks, cancel);
        await CheckSessionsAsync(header, view, checks, cancel);
        return new UpgradeCheck(header.Image, header.To, checks.TrueForAll(c => c.Result != "fail"), checks);
    }

    /// <summary>The bytes that the image needs on a unit: itself, and unpacked.</summary>
    private async Task<long> CheckImageAsync(RunHeader header, ClusterView view, List<CheckResult> checks, CancellationToken cancel)
    {
        if (
            !images.TryFind(header.Image, out var hash, out var path, out var problem)
            || !ImageFile.TryOpen(path, out var image, out problem)
        )
        {
            checks.Add(new CheckResult("image", "fail", problem!.Error, problem.Remedy));
            return 0;
        }

        using (image)
        {
            var bad = image.Verify(trust, DateTimeOffset.UtcNow);
            checks.Add(
                bad is null
                    ? new CheckResult("image-signature", "pass", $"signed by {image.SignerName}", null)
                    : new CheckResult("image-signature", "fail", bad.Error, bad.Remedy)
            );

            checks.Add(
                slots.Refuse(image.Manifest) is { } otherKind
                    ? new CheckResult("image-slots", "fail", otherKind.Error, otherKind.Remedy)
                    : new CheckResult("image-slots", "pass", $"the image goes into slots of the kind {slots.Name}", null)
            );
            if (image.Manifest.Activation == Activation.Reboot)
            {
                await CheckRebootsAsync(header, checks, cancel);
            }

            if (bad is null)
            {
                checks.Add(await previewConversion(image, hash, header.AcceptConversion, cancel));
            }

            // Units that run it already (a cluster that was left mixed) need no path to it.
            var behind = view
                .Units.Where(u => u.Present && header.Concerns(u.Name) && u.Version != header.To)
                .Select(u => u.Version)
                .Distinct(StringComparer.Ordinal)
                .ToArray();
            if (behind.Length == 0)
            {
                checks.Add(
                    new CheckResult(
                        "image-upgrade-path",
                        "fail",
                        $"every unit already runs {header.To}",
                        "take an image of another version"
                    )
                );
            }

            var schema = await configurationSchema(cancel);
            foreach (var version in behind)
            {
                var running = RunningHere with
                {
                    Version = SemanticVersion.TryParse(version, out var parsed) ? parsed : default,
                    ConfigurationSchema = schema,
                };
                checks.AddRange(ImageRules.Check(image.Manifest, running));
            }

            checks.Add(CheckMinimum(header, image.Manifest.Version));
            return image.Manifest.UnpackedBytes + new FileInfo(path).Length;
        }
    }

    /// <summary>An image that is activated by a reboot takes effect only where hitless-boot can reboot the machine.</summary>
    private async Task CheckRebootsAsync(RunHeader header, List<CheckResult> checks, CancellationToken cancel)
    {
        foreach (var member in header.Members.Where(m => header.Concerns(m.Name)))
        {
            const string Remedy =
                "start hitless-boot with --reboot-command \"systemctl reboot\" on that unit, or take an image whose activation is restart";
            checks.Add(
                await canReboot(member.Name, cancel) switch
                {
                    true => new CheckResult("activation", "pass", $"the image is activated by a reboot, which {member.Name} can do", null),
                    false => new CheckResult(
                        "activation",
                        "fail",
                        $"the image is activated by a reboot, and hitless-boot of {member.Name} has no --reboot-command: nothing "
                            + $"would reboot it",
                        Remedy
                    ),
                    null => new CheckResult(
                        "activation",
                        "warn",
                        $"the image is activated by a reboot, and {member.Name} does not say whether its hitless-boot has a "
                            + $"--reboot-command",
                        Remedy
                    ),
                }
            );
        }
    }

    private CheckResult CheckMinimum(RunHeader header, SemanticVersion version)
    {
        var minimum = SemanticVersion.TryParse(settings.Upgrade.MinimumVersion, out var parsed) ? parsed : default;
        return version.CompareTo(minimum) >= 0
            ? new CheckResult(
                "minimum-version",
                "pass",
                settings.Upgrade.MinimumVersion is null ? "no version is too old here" : $"not older than {minimum}",
                null
            )
            : new CheckResult(
                "minimum-version",
                header.AllowDowngrade ? "warn" : "fail",
                $"version {version} is older than upgrade.minimum-version, {minimum}",
                "take a newer image; if this one is really wanted: --allow-downgrade"
            );
    }

    private async Task CheckRoomAsync(RunHeader header, long needed, List<CheckResult> checks, CancellationToken cancel)
    {
        foreach (var member in header.Members.Where(m => header.Concerns(m.Name)))
        {
            checks.Add(
                Result(
                    "slots",
                    member.Slot.Length > 0,
                    $"{member.Name} runs from slot {member.Slot}",
                    $"{member.Name} names no slot: its API does not answer, or it was not started by hitless-boot for its kind of slots",
                    $"hitless status tells whether it answers; {UnitSteps.NoSlots}"
                )
            );
            var free = await freeBytes(member.Name, cancel);
            checks.Add(
                free is null
                    ? new CheckResult(
                        "disk-room",
                        "warn",
                        $"{member.Name} does not say how much room its disk has",
                        "its version is too old for that; look there: df /var/lib/hitless"
                    )
                    : Result(
                        "disk-room",
                        free > needed,
                        $"{member.Name}: {needed >> 20} MB needed, {free >> 20} MB free",
                        $"{member.Name}: {needed >> 20} MB needed, only {free >> 20} MB free",
                        $"remove images that are not needed any more on {member.Name}: /var/lib/hitless/images"
                    )
            );
        }
    }

    private void CheckWindow(RunHeader header, bool duringRun, List<CheckResult> checks)
    {
        // A run that takes one back is urgent, and one that runs already is held by its end.
        var windows = settings.Upgrade.Windows;
        if (windows.Count > 0 && !duringRun && header.TakesBack is null && MaintenanceWindow.OpenUntil(windows, DateTime.Now) is null)
        {
            checks.Add(
                new CheckResult(
                    "maintenance-window",
                    header.OutsideWindow ? "warn" : "fail",
                    $"no maintenance window is open ({string.Join("; ", windows.Select(w => w.Text))}); the next begins "
                        + $"{MaintenanceWindow.NextBegin(windows, DateTime.Now):yyyy-MM-dd HH:mm}",
                    $"let it begin then: --at {MaintenanceWindow.NextBegin(windows, DateTime.Now):yyyy-MM-ddTHH:mm}; or now: "
                        + $"--outside-window"
                )
            );
        }

        if (header.Until is { } until)
        {
            var needed = RunPlan.Describe(header, new Dictionary<string, TimeSpan>(), TimeSpan.Zero, overrideOn: false).TakesMs;
            checks.Add(
                Result(
                    "window",
                    DateTimeOffset.UtcNow.AddMilliseconds(needed) <= until,
                    $"the run takes about {needed / 1000} s and has until {until.UtcDateTime:u}",
                    $"the run takes about {needed / 1000} s, which is longer than until {until.UtcDateTime:u}",
                    "give more time: --until"
                )
            );
        }
    }

    private void CheckUnits(RunHeader header, ClusterView view, List<CheckResult> checks)
    {
        var expected = 1 + settings.Heartbeat.Links.Max(l => l.Peers.Count);
        var ready = view.Units.Count(u => u.Ready);
        var late = view.Units.Where(u => !u.Ready).Select(u => $"{u.Name} is {u.State.ToString().ToLowerInvariant()}");
        checks.Add(
            Result(
                "units-ready",
                ready == expected && view.Primary is not null,
                $"{ready} of {expected} units are ready",
                $"{ready} of {expected} units are ready: {string.Join(", ", late)}",
                "hitless status tells why a unit is not ready"
            )
        );
        var failing = view.Units.Where(u => u.Failures > 0).Select(u => u.Name).ToArray();
        checks.Add(
            Result(
                "units-healthy",
                failing.Length == 0,
                "no failed port or probe",
                $"failed ports or probes on {string.Join(", ", failing)}",
                "hitless status tells which"
            )
        );
        var versions = view
            .Units.Where(u => u.Present)
            .Select(u => u.Version)
            .Distinct(StringComparer.Ordinal)
            .Order(StringComparer.Ordinal)
            .ToArray();
        checks.Add(
            versions.Length == 2 && versions.Contains(header.To) && !header.RehearseOnly
                ? new CheckResult("one-version", "warn", $"versions are mixed ({string.Join(", ", versions)}); this run ends that", null)
                : Result(
                    "one-version",
                    versions.Length == 1,
                    $"every unit runs {versions[0]}",
                    $"versions are mixed: {string.Join(", ", versions)}",
                    "finish or roll back the former run first"
                )
        );
    }

    /// <summary>Routes, rules, sysctls, interfaces and firewall of each standby against the primary's.</summary>
    private async Task CheckForwardingAsync(ClusterView view, List<CheckResult> checks, CancellationToken cancel)
    {
        foreach (var peer in view.Peers.Where(p => p.Present))
        {
            try
            {
                var status = await peers.CallAsync(
                    peer.Name,
                    UpgradeCalls.Status,
                    new StepRequest("", "", "", "", settings.Unit.Name),
                    BetweenLooks * SessionLooks,
                    cancel
                );
                var (result, text) = status.Forwarding switch
                {
                    null => ("warn", $"{peer.Name} has not compared yet what it forwards by with the primary"),
                    { Differences: [] } => ("pass", $"{peer.Name} would forward as {view.Primary?.Name} does"),
                    { AsPrimary: true } other => ("warn", $"{peer.Name} forwards otherwise: {Words(other)}"),
                    var other => ("fail", $"{peer.Name} would not forward as {view.Primary?.Name} does: {Words(other)}"),
                };
                checks.Add(new CheckResult("forwarding", result, text, result == "pass" ? null : "hitless status lists every difference"));

                string Words(ForwardingStatus forwarding) =>
                    string.Join(
                        "; ",
                        forwarding.Differences.Take(3).Select(each => ForwardingComparison.Describe(each, forwarding.Primary, peer.Name))
                    );
            }
            catch (PeerException e)
            {
                checks.Add(
                    new CheckResult(
                        "forwarding",
                        "warn",
                        $"{peer.Name} does not say what it forwards by: {e.Message}",
                        "hitless status tells whether it answers"
                    )
                );
            }
        }
    }

    private async Task CheckConfigurationAsync(List<CheckResult> checks, CancellationToken cancel)
    {
        // A commit that is under way is no reason to refuse a run.
        var report = await configurationReport(cancel);
        for (var looks = 0; looks < CommitLooks && report.Units.Any(u => u.State == "out-of-sync"); looks++)
        {
            await Task.Delay(BetweenLooks, cancel);
            report = await configurationReport(cancel);
        }

        checks.Add(
            Result(
                "configuration-in-sync",
                report.InSync,
                $"revision {report.Revision} on every unit",
                string.Join("; ", report.Units.Where(u => u.State != "in-sync").Select(u => $"{u.Unit}: {u.State}, {u.Why}")),
                "hitless config sync"
            )
        );
    }

    private async Task CheckSessionsAsync(RunHeader header, ClusterView view, List<CheckResult> checks, CancellationToken cancel)
    {
        SessionDifference? counted = null;
        foreach (var peer in view.Peers.Where(p => p.Ready))
        {
            // What is on its way to a busy standby is no reason either.
            var difference = await compareSessions(peer.Name, cancel);
            for (var looks = 0; looks < SessionLooks && !Gate(difference).DifferenceIsOpen; looks++)
            {
                await Task.Delay(BetweenLooks, cancel);
                difference = await compareSessions(peer.Name, cancel);
            }

            var gate = Gate(difference);
            counted = difference.ClassesOf == view.Primary?.Name ? difference : counted;
            checks.Add(
                Result(
                    "session-difference",
                    gate.DifferenceIsOpen,
                    $"{difference.Compared} sessions compared with {peer.Name}, {gate.Missing} would break",
                    $"{gate.Missing} of {difference.Compared} sessions would break at a switch to {peer.Name}, {gate.Critical} "
                        + $"critical ones among all that would be lost",
                    "hitless sessions diff names them; hitless sessions resync sends them again"
                )
            );
        }

        if (counted is not null)
        {
            checks.Add(BoundSessions(header, counted, Gate(counted)));
        }

        SessionGate Gate(SessionDifference difference) => SessionGate.Of(difference, settings.Upgrade.SessionDifferenceLimit, header);
    }

    /// <summary>
    /// The sessions that no standby can carry on: within the limit a warning; above it the operator confirms; a critical one is a reason
    /// not to.
    /// </summary>
    private static CheckResult BoundSessions(RunHeader header, SessionDifference difference, SessionGate gate)
    {
        if (difference.Classes is not { } classes)
        {
            return new CheckResult(
                "bound-sessions",
                "warn",
                $"how many sessions are bound to {difference.ClassesOf} is not known: its version does not count them",
                "look there for translation to own addresses (nft list ruleset): what has it is lost at the switch"
            );
        }

        var lines = SessionGate.Lines(difference.Causes, withRemedies: false);
        var remedies = difference.Causes.Where(cause => cause.Breaking > 0).Select(cause => cause.Remedy);
        var last =
            difference.Causes.Sum(cause => cause.Critical) > 0 ? "or take them out of sessions.critical"
            : gate.BoundIsOpen ? null
            : "if they may be lost: --accept-interruption";
        var counts =
            $"{classes.Follow} sessions follow a switch, {classes.Bound} are bound to {difference.ClassesOf}, "
            + $"{classes.Excluded} are excluded, {classes.Local} are local";
        return lines.Count == 0 || !RunPlan.Switches(header)
            ? new CheckResult(
                "bound-sessions",
                "pass",
                $"{counts}: {(lines.Count == 0 ? "none of those that do not follow would break" : "this run does not switch over")}",
                null
            )
            : new CheckResult(
                "bound-sessions",
                gate.BoundIsOpen ? "warn" : "fail",
                string.Join("; ", lines),
                string.Join("; ", remedies.Append(last).OfType<string>())
            );
    }

    private static CheckResult Result(string id, bool passed, string good, string bad, string remedy) =>
        passed ? new CheckResult(id, "pass", good, null) : new CheckResult(id, "fail", bad, remedy);
}
