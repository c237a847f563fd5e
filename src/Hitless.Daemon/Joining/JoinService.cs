using System.Text;
using Hitless.Core.Api;
using Hitless.Core.Configuration;
using Hitless.Core.Keys;
using Hitless.Daemon.Common;
using Hitless.Daemon.Configuration;
using Hitless.Firmware.Files;
using Hitless.Firmware.Images;
using Hitless.Firmware.Signing;
using Hitless.Firmware.Slots;

namespace Hitless.Daemon.Joining;

/// <summary>What an inviting unit gives to one that joins, and what it changes on itself.</summary>
/// <param name="unit">This unit.</param>
/// <param name="settings">Its settings.</param>
/// <param name="files">Its unit.yaml and its cluster.yaml.</param>
/// <param name="packageFolder">Where the package's own image lies.</param>
public sealed class JoinService(IInvitingUnit unit, UnitSettings settings, SettingsFiles files, string packageFolder)
{
    /// <summary>Where the package puts the first image.</summary>
    public const string PackageFolder = "/usr/lib/hitless";

    private readonly Lock _one = new();

    /// <summary>Refuses where the cluster is in the middle of something.</summary>
    public async Task RefuseDuringRunAsync(CancellationToken cancel)
    {
        if (await unit.StatusAsync(cancel) is { Upgrade: { } run })
        {
            throw new RefusedException(
                $"run {run.Run} is under way: units are not added before it has ended",
                "hitless upgrade status shows how far it is"
            );
        }
    }

    /// <summary>What the cluster runs and trusts.</summary>
    public JoinOffer Offer()
    {
        var hash = ImageHash();
        return new JoinOffer(
            settings.Cluster.Name,
            settings.Unit.Name,
            RunningRelease.Version,
            hash,
            hash is not null && FindImage(hash) is not null,
            files.Unit,
            settings.Cluster.KeyFile,
            settings.Upgrade.TrustFile,
            settings.Upgrade.TrustFile is { } trust && File.Exists(trust) ? File.ReadAllBytes(trust) : null
        );
    }

    /// <summary>The image that the cluster runs.</summary>
    /// <exception cref="RefusedException">It is not here.</exception>
    public Stream OpenImage() =>
        ImageHash() is { } hash && FindImage(hash) is { } path
            ? File.OpenRead(path)
            : throw new RefusedException("the image of this version is not here any more", "install the same package on the joining unit");

    /// <summary>
    /// Puts the new unit among this unit's peers, on disk, and answers with everything that makes it a unit. Asked twice, the same again.
    /// </summary>
    public JoinResult Join(JoinRequest request)
    {
        lock (_one)
        {
            var text = File.ReadAllText(files.Unit);
            var cluster = files.Cluster;
            if (!UnitFile.TryParse(Encoding.UTF8.GetBytes(text), files.Unit, cluster, out var current, out var problems))
            {
                throw new RefusedException($"this unit's own files are not readable any more: {problems[0]}", "mend them first");
            }

            var derived = UnitFiles.Derive(files.Unit, text, cluster, current, request);
            var key = File.ReadAllText(current.Cluster.KeyFile);
            if (ClusterKeys.TryParse(key, out var keys, out _) && keys.IsRotating)
            {
                throw new RefusedException("the cluster key is being rotated", "let it end: hitless status shows how far it is");
            }

            if (derived.Own != text)
            {
                DurableFile.WriteAllText(files.Unit, derived.Own, File.GetUnixFileMode(files.Unit));
            }

            return new JoinResult(derived.Joined, cluster, Encoding.UTF8.GetBytes(key), derived.Notes);
        }
    }

    private string? ImageHash()
    {
        var slots = new SlotStore(files.StateFolder);
        return settings.Unit.RaucSlots || slots.Running is not { } running ? null : slots.Read(out _).Content(running)?.ImageHash;
    }

    // Uploaded ones are named by their hash; the package's own must be looked into.
    private string? FindImage(string hash)
    {
        if (new ImageStore(files.StateFolder, TrustStore.Empty).TryFind(hash, out _, out var kept, out _))
        {
            return kept;
        }

        return Directory.Exists(packageFolder)
            ? Directory.EnumerateFiles(packageFolder, "*.hli").FirstOrDefault(path => HashOf(path) == hash)
            : null;
    }

    private static string? HashOf(string path)
    {
        if (!ImageFile.TryOpen(path, out var image, out _))
        {
            return null;
        }

        using (image)
        {
            return image.ComputeHash();
        }
    }
}
