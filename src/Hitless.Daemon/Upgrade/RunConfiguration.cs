using Hitless.Core.Api;
using Hitless.Core.Cluster;
using Hitless.Core.Configuration;
using Hitless.Core.Firmware;
using Hitless.Daemon.Common;
using Hitless.Daemon.Configuration;
using Hitless.Daemon.Control;
using Hitless.Daemon.Peers;
using Hitless.Firmware.Images;
using Hitless.Firmware.Slots;

namespace Hitless.Daemon.Upgrade;

/// <summary>What a run asks of the cluster's configuration: whether all have it, what an image would make of it, and a backup.</summary>
public sealed class RunConfiguration(
    string self,
    ControlLoop control,
    PeerClient peers,
    ConfigurationService configuration,
    ImageConverter converter,
    SlotStore slots,
    BackupFolder backups
) : IDisposable
{
    /// <summary>The other units, those that a commit waits for and those that follow later.</summary>
    public ConfigurationPeers PeersIn(ClusterView view) =>
        new(self, [.. view.Peers.Where(IsThere).Select(p => p.Name)], [.. view.Peers.Where(p => !IsThere(p)).Select(p => p.Name)], peers);

    /// <summary>The sync report.</summary>
    public async Task<SyncReport> ReportAsync(CancellationToken cancel)
    {
        var view = await control.ViewAsync();
        return await configuration.ReportAsync(view.Primary?.Name, PeersIn(view), cancel);
    }

    /// <summary>The lowest schema that knows all that the configuration uses.</summary>
    public Task<int> SchemaInUseAsync(CancellationToken cancel) => configuration.SchemaInUseAsync(cancel);

    /// <summary>What the image's own converter makes of the real configuration; its signature was verified by who asks.</summary>
    public async Task<CheckResult> PreviewAsync(ImageFile image, string hash, bool accepted, CancellationToken cancel) =>
        await converter.CheckAsync(image, hash, await configuration.ShowAsync(cancel), accepted, cancel);

    /// <summary>
    /// Before an ended run is taken back: what was committed since then must not be lost on the version in the other slot. Null: it is not.
    /// </summary>
    public async Task<Refusal?> RefuseSpareAsync(CancellationToken cancel) =>
        slots.Running is { } running
        && slots.ManifestIn(BootState.Other(running)) is { } other
        && await configuration.ShowAsync(cancel) is { } head
            ? RevisionSchema.Refuse(head.Files, [new SchemaLimit($"version {other.Version} in the other slot", other.Configuration.Max)])
            : null;

    /// <summary>The backup that a run takes of this unit; what is in it, in words.</summary>
    public Task<string> BackUpForRunAsync(string run, CancellationToken cancel) => BackUpAsync(backups.ForRun(run), secrets: true, cancel);

    /// <summary>A backup in a file; what is in it, in words.</summary>
    /// <exception cref="RefusedException">It cannot be made.</exception>
    public async Task<string> BackUpAsync(string path, bool secrets, CancellationToken cancel)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        var (info, refusal) = await configuration.BackupAsync(
            path,
            RunningRelease.Version,
            secrets,
            PeersIn(await control.ViewAsync()),
            cancel
        );
        backups.Prune(path, TimeProvider.System.GetUtcNow());
        return refusal is null
            ? $"{info!.Revisions} revisions of {info.Units.Count} units, {info.SizeBytes} bytes"
            : throw new RefusedException(refusal);
    }

    /// <inheritdoc/>
    public void Dispose() => converter.Dispose();

    /// <summary>A unit that only begins, or says goodbye, does not hold up a commit: it follows when it is back.</summary>
    private static bool IsThere(UnitView unit) => unit.Present && unit.State is not (UnitState.Starting or UnitState.Leaving);
}
