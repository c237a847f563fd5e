using System.Text;
using Hitless.Core.Api;
using Hitless.Core.Configuration;
using Hitless.Core.Keys;
using Hitless.Daemon.Common;
using Hitless.Daemon.Configuration;
using Hitless.Daemon.Peers;
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

    private static readonly TimeSpan RestartTimeout = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Between = TimeSpan.FromMilliseconds(300);
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

    /// <summary>Answers the units that invite.</summary>
    public void Map(PeerServer server)
    {
        server.Map(JoinCalls.AddPeer, (request, _) => Task.FromResult(AddPeer(request)));
        server.Map(JoinCalls.Restart, (_, _) =>
        {
            _ = RestartAsync();
            return Task.FromResult(new AddPeerAnswer([]));
        });
    }

    /// <summary>
    /// Puts the new unit among the peers of every unit that is heard, on disk, and answers with everything that makes it a unit. Asked
    /// twice, the same again. If one of them cannot, nothing is written anywhere.
    /// </summary>
    public async Task<JoinResult> JoinAsync(JoinRequest request, CancellationToken cancel)
    {
        var others = await OthersAsync(request.Unit, cancel);
        var asks = new AddPeerRequest(settings.Unit.Name, request, CheckOnly: true);
        List<PortAddress> told = [];
        foreach (var other in others)
        {
            told.AddRange((await unit.AskAsync(other, JoinCalls.AddPeer, asks, cancel)).Addresses);
        }

        var joined = Write(request, told) with { RestartFirst = others };
        foreach (var other in others)
        {
            await unit.AskAsync(other, JoinCalls.AddPeer, asks with { CheckOnly = false }, cancel);
        }

        return joined;
    }

    /// <summary>
    /// Starts the daemons with their new peer, one after the other, the others first: the new unit begins when it hears this one, and must
    /// hear the primary then.
    /// </summary>
    public async Task RestartAllAsync(IReadOnlyList<string> others, CancellationToken cancel)
    {
        foreach (var other in others)
        {
            try
            {
                var before = await IncarnationAsync(other, cancel);
                await unit.AskAsync(other, JoinCalls.Restart, new PeerQuestion(settings.Unit.Name), cancel);
                await UntilRestartedAsync(other, before, cancel);
            }
            catch (RefusedException e)
            {
                unit.Note($"{other} does not restart with its new peer: {e.Message}; run there: systemctl reload hitless");
            }
        }

        unit.RequestRestart();
    }

    private async Task<IReadOnlyList<string>> OthersAsync(string joining, CancellationToken cancel)
    {
        var status = await unit.StatusAsync(cancel);
        return
        [
            .. status
                .Units.Where(each => each.Name != settings.Unit.Name && each.Name != joining && each.State != UnitStateWord.Absent)
                .OrderBy(each => each.Role == UnitRoleWord.Primary)
                .Select(each => each.Name),
        ];
    }

    private async Task<string?> IncarnationAsync(string name, CancellationToken cancel) =>
        (await unit.StatusAsync(cancel)).Units.FirstOrDefault(each => each.Name == name && each.State == UnitStateWord.Ready)?.Incarnation;

    private async Task UntilRestartedAsync(string name, string? before, CancellationToken cancel)
    {
        for (var begin = TimeProvider.System.GetTimestamp(); await IncarnationAsync(name, cancel) is not { } now || now == before; )
        {
            if (TimeProvider.System.GetElapsedTime(begin) > RestartTimeout)
            {
                unit.Note($"{name} is not ready {RestartTimeout.TotalSeconds:0} s after it was asked to restart with its new peer");
                return;
            }

            await Task.Delay(Between, cancel);
        }
    }

    private AddPeerAnswer AddPeer(AddPeerRequest request)
    {
        lock (_one)
        {
            var (text, cluster, current) = ReadOwn();
            var (own, _) = UnitFiles.WithPeer(files.Unit, text, cluster, current, request.Joining);
            if (!request.CheckOnly)
            {
                WriteOwn(text, own);
                unit.Note($"{request.Joining.Unit} joins, invited by {request.From}: it is among the peers in {files.Unit}");
            }

            return new AddPeerAnswer([.. UnitFiles.AddressesOf(current)]);
        }
    }

    private JoinResult Write(JoinRequest request, IReadOnlyCollection<PortAddress> told)
    {
        lock (_one)
        {
            var (text, cluster, current) = ReadOwn();
            var derived = UnitFiles.Derive(files.Unit, text, cluster, current, request, told);
            var key = File.ReadAllText(current.Cluster.KeyFile);
            if (ClusterKeys.TryParse(key, out var keys, out _) && keys.IsRotating)
            {
                throw new RefusedException("the cluster key is being rotated", "let it end: hitless status shows how far it is");
            }

            WriteOwn(text, derived.Own);
            return new JoinResult(derived.Joined, cluster, Encoding.UTF8.GetBytes(key), derived.Notes);
        }
    }

    private (string Text, byte[]? Cluster, UnitSettings Settings) ReadOwn()
    {
        var text = File.ReadAllText(files.Unit);
        var cluster = files.Cluster;
        return UnitFile.TryParse(Encoding.UTF8.GetBytes(text), files.Unit, cluster, out var current, out var problems)
            ? (text, cluster, current)
            : throw new RefusedException(
                $"the files of {settings.Unit.Name} are not readable any more: {problems[0]}",
                $"fix the reported error on {settings.Unit.Name} first"
            );
    }

    private void WriteOwn(string former, string next)
    {
        if (next != former)
        {
            DurableFile.WriteAllText(files.Unit, next, File.GetUnixFileMode(files.Unit));
        }
    }

    // The answer to who asked goes out first.
    private async Task RestartAsync()
    {
        await Task.Delay(Between);
        unit.RequestRestart();
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
