using System.Runtime.InteropServices;
using Hitless.Core.Api;
using Hitless.Core.Cluster;
using Hitless.Core.Configuration;
using Hitless.Core.Firmware;
using Hitless.Core.Upgrade;
using Hitless.Core.Upgrade.Checks;
using Hitless.Core.Wire;
using Hitless.Daemon.Common;
using Hitless.Daemon.Control;
using Hitless.Firmware.Images;

namespace Hitless.Daemon.Upgrade;

/// <summary>Gathers what the checks of a run are judged by; <see cref="Preflight"/> judges.</summary>
public sealed class PreflightReader(
    UnitSettings settings,
    ControlLoop control,
    JournalStore journals,
    StepTargets targets,
    PreflightImages images,
    SessionTables tables,
    RunConfiguration configuration
)
{
    private const int CommitLooks = 10;
    private const int SessionLooks = 4;
    private static readonly TimeSpan BetweenLooks = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan ForwardingTimeout = TimeSpan.FromSeconds(2);

    private readonly PreflightRules rules = new(
        1 + settings.Heartbeat.Links.Max(link => link.Peers.Count),
        settings.Heartbeat.Links.Count,
        settings.Upgrade.MinimumVersion,
        settings.Upgrade.Windows,
        settings.Upgrade.SessionDifferenceLimit
    );

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
        var view = await control.ViewAsync();
        var takesBack = header.TakesBack is not null;
        var image = takesBack ? null : await images.ReadAsync(header, cancel);
        return Preflight.Judge(
            new PreflightFacts
            {
                Header = header,
                DuringRun = duringRun,
                Rules = rules,
                Now = DateTimeOffset.Now,
                Primary = view.Primary?.Name,
                RunIsOpen = RunJournal.IsOpen(journals.Last()),
                Image = image,
                OldSlots = takesBack ? await targets.OldSlotsAsync(header, cancel) : [],
                Units = await UnitsAsync(header, view, image, cancel),
                Forwarding = await ForwardingAsync(view, cancel),
                Configuration = await ConfigurationAsync(cancel),
                Sessions = await SessionsAsync(header, view, cancel),
            }
        );
    }

    // What has to be known of its disk and its boot is asked only of units that are to get the image, and that are there: one that stands
    // still takes the call and never answers.
    private async Task<IReadOnlyList<PreflightUnit>> UnitsAsync(
        RunHeader header,
        ClusterView view,
        PreflightImage? image,
        CancellationToken cancel
    )
    {
        bool IsAsked(UnitView unit) =>
            unit.Present && image is not null && header.Concerns(unit.Name) && header.Members.Any(member => member.Name == unit.Name);
        var reboots = image?.Manifest?.Activation == Activation.Reboot;
        List<PreflightUnit> units = [];
        foreach (var unit in view.Units)
        {
            units.Add(
                new PreflightUnit(
                    unit.Name,
                    UnitWording.Of(unit.State),
                    unit.Present,
                    unit.Ready,
                    unit.Version,
                    unit.Failures,
                    IsAsked(unit) ? await targets.FreeBytesAsync(unit.Name, cancel) : null,
                    IsAsked(unit) && reboots ? await targets.CanRebootAsync(unit.Name, cancel) : null
                )
            );
        }

        return units;
    }

    private async Task<IReadOnlyList<PreflightForwarding>> ForwardingAsync(ClusterView view, CancellationToken cancel)
    {
        List<PreflightForwarding> standbys = [];
        foreach (var peer in view.Peers.Where(p => p.Present).Select(p => p.Name))
        {
            try
            {
                var status = await targets.StatusAsync(peer, ForwardingTimeout, cancel);
                standbys.Add(new PreflightForwarding(peer, status.Forwarding, Silence: null));
            }
            catch (PeerException e)
            {
                standbys.Add(new PreflightForwarding(peer, null, e.Message));
            }
        }

        return standbys;
    }

    private async Task<SyncReport> ConfigurationAsync(CancellationToken cancel)
    {
        var report = await configuration.ReportAsync(cancel);
        for (var looks = 0; looks < CommitLooks && !Preflight.IsSettled(report); looks++)
        {
            await Task.Delay(BetweenLooks, cancel);
            report = await configuration.ReportAsync(cancel);
        }

        return report;
    }

    private async Task<IReadOnlyList<PreflightSessions>> SessionsAsync(RunHeader header, ClusterView view, CancellationToken cancel)
    {
        List<PreflightSessions> standbys = [];
        foreach (var peer in view.Peers.Where(p => p.Ready).Select(p => p.Name))
        {
            var difference = await tables.CompareAsync(peer, cancel);
            for (var looks = 0; looks < SessionLooks && !Preflight.IsSettled(difference, rules, header); looks++)
            {
                await Task.Delay(BetweenLooks, cancel);
                difference = await tables.CompareAsync(peer, cancel);
            }

            standbys.Add(new PreflightSessions(peer, difference));
        }

        return standbys;
    }
}
