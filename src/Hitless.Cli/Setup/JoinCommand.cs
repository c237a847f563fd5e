using System.CommandLine;
using System.Text;
using Hitless.Cli.Client;
using Hitless.Cli.Display;
using Hitless.Core.Api;
using Hitless.Core.Joining;
using Hitless.Firmware.Files;
using Hitless.Firmware.Images;

namespace Hitless.Cli.Setup;

/// <summary><c>join CODE</c>: this machine becomes a unit of the cluster that invited it, of the version that the cluster runs.</summary>
internal static class JoinCommand
{
    public static Command Make(Shell shell)
    {
        var code = new Argument<string>("CODE") { Description = "What hitless invite printed on a unit of the cluster" };
        var unit = new Option<string?>("--unit") { Description = "Name of this unit (default: the host's name)", HelpName = "NAME" };
        var priority = new Option<int?>("--priority")
        {
            Description = "Higher wins the choice of primary (default: 50 less than the inviting unit's)",
            HelpName = "N",
        };
        var places = new SetupPlaces();
        return shell.Command(
            "join",
            "Make this machine a unit of the cluster that the code comes from",
            call => RunAsync(call, places, Read(call.Value(code)!), call.Value(unit) ?? SetupCommand.HostName(), call.Value(priority)),
            [code, unit, priority, .. places.All]
        );
    }

    private static async Task<int> RunAsync(Call call, SetupPlaces places, InvitationCode code, string name, int? priority)
    {
        var config = Path.GetFullPath(call.Value(places.Config)!);
        if (File.Exists(config))
        {
            throw new RefusedException(
                $"{config} is there already; nothing was changed",
                "a unit joins once; edit it, or move it away first"
            );
        }

        var state = Path.GetFullPath(call.Value(places.State)!);
        using var inviting = UnitClient.Inviting(code);
        var offer = await inviting.GetAsync("/v1/join/offer", ApiJson.Default.JoinOffer, call.Cancel);
        var keyFile = BelowConfig(offer.KeyFile, offer, config);
        if (File.Exists(keyFile))
        {
            throw new RefusedException(
                $"{keyFile} is there already; nothing was changed",
                "move it away first: the cluster's key comes here"
            );
        }

        await InstallAsync(call, places, inviting, offer, state);

        var interfaces = Machine.Interfaces();
        var joined = await inviting.PostAsync(
            "/v1/join",
            new JoinRequest(
                name,
                priority,
                [.. interfaces.SelectMany(each => each.OwnAddresses.Select(own => new PortAddress(each.Name, $"{own}")))]
            ),
            ApiJson.Default.JoinRequest,
            ApiJson.Default.JoinResult,
            call.Cancel
        );
        var files = Write(offer, joined, config, keyFile, state);
        if (!call.Value(places.NoStart))
        {
            var first = string.Concat(joined.RestartFirst.Select(unit => $"; {unit} restarts in service first"));
            call.Screen.Error.WriteLine($"waiting for a heartbeat of {offer.Unit}{first}");
            await FirstHeartbeat.AwaitAsync(code.EndPoint, joined.RestartFirst.Count, call.Cancel);
        }

        var heartbeat = interfaces.FirstOrDefault(each => each.OwnAddresses.Contains(Machine.AddressTowards(code.EndPoint)));
        return await SetupCommand.FinishAsync(
            call,
            places,
            new SetupResult(
                offer.Cluster,
                name,
                files,
                heartbeat is null ? [] : MachineChecks.Run(heartbeat, code.EndPoint.Port - InvitationCode.PortsAboveHeartbeats),
                joined.Notes,
                null
            )
        );
    }

    private static InvitationCode Read(string text) =>
        InvitationCode.TryParse(text, out var code)
            ? code
            : throw new UsageException(
                "the code is not understood",
                "copy it whole, as in 10.10.9.1:8420/ABCDEFGH-ABCDEFGH-ABCDEFGH-ABCDEFGH"
            );

    private static IReadOnlyList<string> Write(JoinOffer offer, JoinResult joined, string config, string keyFile, string state)
    {
        var files = new SetupFiles();
        files.Add(keyFile, joined.Key, DurableFile.OwnerOnly);
        if (offer is { TrustFile: { } trustFile, Trust: { } trust })
        {
            files.Add(BelowConfig(trustFile, offer, config), trust, DurableFile.Readable);
        }

        if (joined.ClusterFile is { } shared)
        {
            files.Add(Path.Combine(state, "configuration", "cluster.yaml"), shared, DurableFile.Readable);
        }

        files.Add(config, Encoding.UTF8.GetBytes(joined.UnitFile), DurableFile.Readable);
        if (joined.ClusterFile is null)
        {
            SetupFiles.Check(state, config, joined.UnitFile);
        }

        files.Write();
        return files.Paths;
    }

    /// <summary>The image that the cluster runs: the package's own if it is the same, else the inviting unit's.</summary>
    private static async Task InstallAsync(Call call, SetupPlaces places, UnitClient inviting, JoinOffer offer, string state)
    {
        if (offer.ImageHash is not { } hash || offer.Trust is not { } trust)
        {
            throw new RefusedException(
                $"{offer.Unit} has no image in a slot, or no upgrade.trust-file: a unit cannot join it by a code",
                "set this machine up by hand (docs/install.md)"
            );
        }

        var folder = Directory.CreateTempSubdirectory("hitless-join-").FullName;
        try
        {
            var (image, trusted) = (Path.Combine(folder, "image.hli"), Path.Combine(folder, "trust.pem"));
            await File.WriteAllBytesAsync(trusted, trust, call.Cancel);
            if (OwnImage(call, places, hash) is { } own)
            {
                image = own;
            }
            else if (offer.ImageAtHand)
            {
                call.Screen.Error.WriteLine($"fetching version {offer.Version} from {offer.Unit}");
                await using var file = File.Create(image);
                await inviting.DownloadAsync("/v1/join/image", file, call.Cancel);
            }
            else
            {
                throw new RefusedException(
                    $"{offer.Unit} runs version {offer.Version}, whose image is neither there nor here",
                    $"install the package of version {offer.Version} here, or upload its image there: hitless firmware upload IMAGE"
                );
            }

            Machine.InstallImage(image, trusted, state);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static string? OwnImage(Call call, SetupPlaces places, string hash)
    {
        var candidates =
            call.Value(places.Image) is { } given ? [given]
            : Directory.Exists(SetupCommand.PackageFolder) ? Directory.GetFiles(SetupCommand.PackageFolder, "*.hli")
            : [];
        foreach (var path in candidates)
        {
            if (ImageFile.TryOpen(path, out var image, out _))
            {
                using (image)
                {
                    if (image.ComputeHash() == hash)
                    {
                        return path;
                    }
                }
            }
        }

        return null;
    }

    // What comes from the other side is written below the folder of unit.yaml only, wherever that is here.
    private static string BelowConfig(string path, JoinOffer offer, string config)
    {
        var relative = Path.GetRelativePath(Path.GetDirectoryName(offer.UnitFilePath)!, path);
        return relative.StartsWith("..", StringComparison.Ordinal) || Path.IsPathRooted(relative)
            ? throw new RefusedException(
                $"the inviting unit keeps {path} outside of the folder of its unit.yaml",
                "a joining unit writes nothing there: move it into that folder first, or set this machine up by hand"
            )
            : Path.GetFullPath(relative, Path.GetDirectoryName(config)!);
    }
}
