using System.CommandLine;
using System.Security.Cryptography;
using Hitless.Cli.Client;
using Hitless.Cli.Display;
using Hitless.Core.Api;
using Hitless.Core.Wire;
using Hitless.Firmware.Files;
using Hitless.Firmware.Signing;

namespace Hitless.Cli.Commands;

/// <summary><c>key generate</c> and <c>key rotate</c>.</summary>
internal static class CredentialCommands
{
    public static Command MakeKey(Shell shell)
    {
        var file = new Argument<string>("FILE")
        {
            Description = "Where the cluster key goes; every unit gets a copy",
            DefaultValueFactory = _ => "cluster.key",
        };
        var signing = new Option<string?>("--image-signing")
        {
            Description = "Instead: make a key pair that signs images, image-signing.key and image-signing.crt, in this folder",
            HelpName = "DIR",
        };
        var name = new Option<string>("--name")
        {
            Description = "Name in the signing certificate",
            DefaultValueFactory = _ => "Hitless images",
        };
        var force = new Option<bool>("--force")
        {
            Description = "Also without units that are missing: they need a copy of the key file afterwards",
        };
        return new Command("key", "Keys of the cluster and of images")
        {
            shell.Command(
                "generate",
                "Make a new key; nothing is overwritten",
                call =>
                    Task.FromResult(
                        call.Value(signing) is { } folder
                            ? GenerateSigning(call, folder, call.Value(name)!)
                            : GenerateCluster(call, call.Value(file)!)
                    ),
                file,
                signing,
                name
            ),
            shell.Command(
                "rotate",
                "Give the cluster a new key while it runs; no packet and no heartbeat is lost, and the former key is refused afterwards",
                call => RotateAsync(call, call.Value(force)),
                force
            ),
        };
    }

    private static int GenerateCluster(Call call, string file)
    {
        RefuseExisting(file);
        var key = new ClusterKey(RandomNumberGenerator.GetBytes(ClusterKey.Size));
        DurableFile.WriteAllText(file, key.ToFileText(), DurableFile.OwnerOnly);
        call.Screen.Show(new WrittenFiles([Path.GetFullPath(file)]), CliJson.Own.WrittenFiles, _ =>
            call.Screen.Line($"cluster key written to {file}; copy it to every unit and name it in cluster.key-file")
        );
        return ExitCode.Done;
    }

    private static async Task<int> RotateAsync(Call call, bool force)
    {
        var result = await call.Unit.PostAsync(
            "/v1/key/rotate",
            new KeyRotationRequest(force),
            ApiJson.Default.KeyRotationRequest,
            ApiJson.Default.KeyRotationResult,
            call.Cancel
        );
        call.Screen.Show(result, CliJson.Api.KeyRotationResult, rotated =>
        {
            call.Screen.Line(
                rotated.Done
                    ? $"{string.Join(", ", rotated.Units)} have the new key {rotated.Key}; the former one is refused"
                    : $"the rotation goes on by itself; {rotated.Waiting}"
            );
            if (rotated.LeftBehind.Count > 0)
            {
                call.Screen.Line(
                    $"left behind: {string.Join(", ", rotated.LeftBehind)}: copy the file of cluster.key-file there, and start it again"
                );
            }

            call.Screen.Line("backups of before hold the former key: make a new one with hitless config backup FILE");
        });
        return result.Done ? ExitCode.Done : ExitCode.Refused;
    }

    private static int GenerateSigning(Call call, string folder, string name)
    {
        Directory.CreateDirectory(folder);
        var (key, certificate) = (Path.Combine(folder, "image-signing.key"), Path.Combine(folder, "image-signing.crt"));
        RefuseExisting(key);
        RefuseExisting(certificate);
        var now = TimeProvider.System.GetUtcNow();
        SigningKey.Generate(name, key, certificate, now.AddDays(-1), now.AddYears(10));
        call.Screen.Show(new WrittenFiles([Path.GetFullPath(key), Path.GetFullPath(certificate)]), CliJson.Own.WrittenFiles, _ =>
        {
            call.Screen.Line($"signing key written to {key}: keep it secret; hitless firmware build --key {key}");
            call.Screen.Line($"certificate written to {certificate}: copy it to every unit and name it in upgrade.trust-file");
        });
        return ExitCode.Done;
    }

    private static void RefuseExisting(string file)
    {
        if (File.Exists(file))
        {
            throw new RefusedException(
                $"{file} is already there",
                "a key that units use must not be lost: move it away first, or name another file"
            );
        }
    }
}
