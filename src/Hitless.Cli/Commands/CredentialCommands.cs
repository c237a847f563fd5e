using System.CommandLine;
using System.Security.Cryptography;
using Hitless.Cli.Client;
using Hitless.Cli.Display;
using Hitless.Firmware.Files;
using Hitless.Firmware.Signing;

namespace Hitless.Cli.Commands;

/// <summary><c>key generate</c>.</summary>
internal static class CredentialCommands
{
    private const int ClusterKeyBytes = 32;

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
        };
    }

    private static int GenerateCluster(Call call, string file)
    {
        RefuseExisting(file);
        var secret = RandomNumberGenerator.GetBytes(ClusterKeyBytes);
        DurableFile.WriteAllText(file, $"hitless-key-1:{Convert.ToBase64String(secret)}\n", DurableFile.OwnerOnly);
        CryptographicOperations.ZeroMemory(secret);
        call.Screen.Show(new WrittenFiles([Path.GetFullPath(file)]), CliJson.Own.WrittenFiles, _ =>
            call.Screen.Line($"cluster key written to {file}; copy it to every unit and name it in cluster.key-file")
        );
        return ExitCode.Done;
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
