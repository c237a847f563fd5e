using System.Runtime.InteropServices;
using Hitless.Core.Api;
using Hitless.Core.Configuration;
using Hitless.Core.Firmware;
using Hitless.Core.Upgrade;
using Hitless.Core.Wire;
using Hitless.Daemon.Control;
using Hitless.Firmware.Images;
using Hitless.Firmware.Signing;
using Hitless.Firmware.Slots;

namespace Hitless.Daemon.Upgrade;

/// <summary>The readiness checks of <c>upgrade check</c>; a run's preflight takes the same. Each has an identifier that scripts can rely on.</summary>
public sealed class Readiness(
    UnitSettings settings,
    ControlLoop control,
    ImageStore images,
    TrustStore trust,
    JournalStore journals,
    Func<string, CancellationToken, Task<SessionDifference>> compareSessions,
    Func<CancellationToken, Task<SyncReport>> configurationReport)
{
    /// <summary>What this build is, for an image's rules.</summary>
    public static RunningFirmware RunningHere { get; } = new(
        SemanticVersion.TryParse(BuildVersion.Text, out var version) ? version : default,
        RuntimeInformation.RuntimeIdentifier,
        new ProtocolRange(new ProtocolVersion(WireVersion.Major, 0), new ProtocolVersion(WireVersion.Major, WireVersion.Minor)),
        ConfigurationSchema: 1);

    /// <summary>All checks; <paramref name="duringRun"/>: the open run is the one that asks.</summary>
    public async Task<UpgradeCheck> CheckAsync(string hashBeginning, bool duringRun, CancellationToken cancel)
    {
        List<CheckResult> checks = [];
        var view = await control.ViewAsync();
        var toVersion = CheckImage(hashBeginning, checks, out var hash);
        CheckUnits(view, checks);
        checks.Add(Result("slots", SlotStore.Running is not null, "this unit runs from a slot", "this unit was not started by hitless-boot, so it has no slots", "start it by hitless-boot, as the package's service does"));
        checks.Add(settings.Heartbeat.Links.Count > 1
            ? new CheckResult("heartbeat-links", "pass", $"{settings.Heartbeat.Links.Count} heartbeat links", null)
            : new CheckResult("heartbeat-links", "warn", "one heartbeat link: if it fails, both units become primary", "add a second link to heartbeat.links"));
        if (!duringRun)
        {
            checks.Add(Result("no-open-run", !RunJournal.IsOpen(journals.Last()), "no run is open", "a run is open already", "hitless upgrade status"));
        }

        await CheckConfigurationAsync(checks, cancel);
        await CheckSessionsAsync(view, checks, cancel);
        return new UpgradeCheck(hash, toVersion, checks.TrueForAll(c => c.Result != "fail"), checks);
    }

    private string CheckImage(string hashBeginning, List<CheckResult> checks, out string hash)
    {
        hash = hashBeginning;
        if (!images.TryFind(hashBeginning, out hash, out var path, out var problem) || !ImageFile.TryOpen(path, out var image, out problem))
        {
            checks.Add(new CheckResult("image", "fail", problem!.Error, problem.Remedy));
            return "";
        }

        using (image)
        {
            var bad = image.Verify(trust, DateTimeOffset.UtcNow);
            checks.Add(bad is null
                ? new CheckResult("image-signature", "pass", $"signed by {image.SignerName}", null)
                : new CheckResult("image-signature", "fail", bad.Error, bad.Remedy));
            checks.AddRange(ImageRules.Check(image.Manifest, RunningHere)
                .Select(c => c is { Id: "image-upgrade-path", Result: "warn" } ? c with { Result = "fail", Remedy = "take an image of another version" } : c));
            return image.Manifest.Version.ToString();
        }
    }

    private void CheckUnits(ClusterView view, List<CheckResult> checks)
    {
        var expected = 1 + settings.Heartbeat.Links.Max(l => l.Peers.Count);
        var ready = view.Units.Count(u => u.Ready);
        checks.Add(Result(
            "units-ready",
            ready == expected && view.Primary is not null,
            $"{ready} of {expected} units are ready",
            $"{ready} of {expected} units are ready: {string.Join(", ", view.Units.Where(u => !u.Ready).Select(u => $"{u.Name} is {u.State.ToString().ToLowerInvariant()}"))}",
            "hitless status tells why a unit is not ready"));
        var failing = view.Units.Where(u => u.Failures > 0).Select(u => u.Name).ToArray();
        checks.Add(Result("units-healthy", failing.Length == 0, "no failed port or probe", $"failed ports or probes on {string.Join(", ", failing)}", "hitless status tells which"));
        var versions = view.Units.Where(u => u.Present).Select(u => u.Version).Distinct(StringComparer.Ordinal).ToArray();
        checks.Add(Result("one-version", versions.Length == 1, $"every unit runs {versions[0]}", $"versions are mixed: {string.Join(", ", versions)}", "finish or roll back the former run first"));
    }

    private async Task CheckConfigurationAsync(List<CheckResult> checks, CancellationToken cancel)
    {
        var report = await configurationReport(cancel);
        checks.Add(Result(
            "configuration-in-sync",
            report.InSync,
            $"revision {report.Revision} on every unit",
            string.Join("; ", report.Units.Where(u => u.State != "in-sync").Select(u => $"{u.Unit}: {u.State}, {u.Why}")),
            "hitless config sync"));
    }

    private async Task CheckSessionsAsync(ClusterView view, List<CheckResult> checks, CancellationToken cancel)
    {
        foreach (var peer in view.Peers.Where(p => p.Ready))
        {
            var difference = await compareSessions(peer.Name, cancel);
            var breaking = difference.Entries.Count(e => e.Fate == "breaks");
            checks.Add(Result(
                "session-difference",
                breaking <= settings.Upgrade.SessionDifferenceLimit * Math.Max(1, difference.Compared) && difference.Critical == 0,
                $"{difference.Compared} sessions compared with {peer.Name}, {breaking} would break",
                $"{breaking} of {difference.Compared} sessions would break at a switch to {peer.Name}, {difference.Critical} of them critical",
                "hitless sessions diff names them; hitless sessions resync sends them again"));
        }
    }

    private static CheckResult Result(string id, bool passed, string good, string bad, string remedy) =>
        passed ? new CheckResult(id, "pass", good, null) : new CheckResult(id, "fail", bad, remedy);
}
