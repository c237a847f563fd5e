using System.Text;
using Hitless.Firmware.Signing;
using Hitless.Lab.Tools;

namespace Hitless.Lab.Matrix;

/// <summary>
/// Makes images that are no good, each in its own way, from a good one's parts: <c>hitlessd</c> of the new version, wrapped in a script.
/// </summary>
public static class MatrixImages
{
    /// <summary>Their names.</summary>
    public static IReadOnlyList<string> Names { get; } =
    ["tampered", "truncated", "path", "platform", "stranger", "expired", "no-start", "crash", "never-joins", "unhealthy", "drops"];

    /// <summary>What the units must trust for an image to be no good for its own reason only.</summary>
    public const string TrustFile = "trust.pem";

    /// <summary>Images that must not even be taken in.</summary>
    public static bool IsRefused(string name) => name is "tampered" or "truncated" or "path" or "platform" or "stranger" or "expired";

    /// <summary>
    /// The image of that name in <paramref name="folder"/>; beside that of an expired signer a trust file with the certificate,
    /// <see cref="TrustFile"/>.
    /// </summary>
    public static string Make(string name, string binaries, string folder)
    {
        Directory.CreateDirectory(folder);
        var good = Path.Combine(binaries, "images", "hitless-1.0.0.hli");
        var image = Path.Combine(folder, $"{name}.hli");
        var key = Path.Combine(binaries, "keys", "image-signing.key");
        switch (name)
        {
            case "tampered":
                File.Copy(good, image, overwrite: true);
                using (var file = File.OpenWrite(image))
                {
                    file.Position = file.Length / 2;
                    file.WriteByte(0x55);
                    file.WriteByte(0xAA);
                }

                break;
            case "truncated":
                File.Copy(good, image, overwrite: true);
                using (var file = File.OpenWrite(image))
                {
                    file.SetLength(file.Length * 2 / 3);
                }

                break;
            case "path":
                Build(binaries, folder, image, key, "exit 1", whole: false, "--from", ">=3.0.0 <4.0.0");
                break;
            case "platform":
                Build(binaries, folder, image, key, "exit 1", whole: false, "--platform", "linux-arm64");
                break;
            case "expired":
                var (pastKey, pastCertificate) = (Path.Combine(folder, "past.key"), Path.Combine(folder, "past.crt"));
                SigningKey.Generate(
                    "Former signer",
                    pastKey,
                    pastCertificate,
                    DateTimeOffset.UtcNow.AddYears(-2),
                    DateTimeOffset.UtcNow.AddDays(-1)
                );
                File.WriteAllText(
                    Path.Combine(folder, TrustFile),
                    File.ReadAllText(Path.Combine(binaries, "images", TrustFile)) + File.ReadAllText(pastCertificate)
                );
                Build(binaries, folder, image, pastKey, "exit 1", whole: false);
                break;
            case "stranger":
                Tool.Run(
                    Path.Combine(binaries, "hitless"),
                    ["key", "generate", "--image-signing", Path.Combine(folder, "stranger"), "--name", "Stranger"]
                );
                Build(binaries, folder, image, Path.Combine(folder, "stranger", "image-signing.key"), "exit 1", whole: false);
                break;
            case "no-start":
                Build(binaries, folder, image, key, "exit 1", whole: false);
                break;
            case "never-joins":
                Build(binaries, folder, image, key, "exec sleep 86400", whole: false);
                break;
            case "crash":
                Build(binaries, folder, image, key, "exec timeout -s KILL 2 \"$here/hitlessd.real\" \"$@\"", whole: true);
                break;
            case "unhealthy":
                Build(
                    binaries,
                    folder,
                    image,
                    key,
                    "nft 'add table inet bad; add chain inet bad o { type filter hook output priority 0; }; add rule inet bad o icmp "
                        + "type echo-request drop'\nexec \"$here/hitlessd.real\" \"$@\"",
                    whole: true
                );
                break;
            case "drops":
                // Five seconds after this unit has become primary (it writes its epoch then) it begins to lose 2 % of what it forwards.
                Build(
                    binaries,
                    folder,
                    image,
                    key,
                    """
                    ( was=$(cat /var/lib/hitless/epoch 2>/dev/null)
                      while [ "$(cat /var/lib/hitless/epoch 2>/dev/null)" = "$was" ]; do sleep 0.1; done
                      sleep 5
                      echo "---- $(date -u +%FT%T.%3N) this firmware begins to drop 2 %, on purpose" >&2
                      nft 'add table inet bad; add chain inet bad f { type filter hook forward priority 0; }
                      add rule inet bad f numgen random mod 50 == 0 drop' ) &
                    exec "$here/hitlessd.real" "$@"
                    """,
                    whole: true
                );
                break;
            default:
                throw new LabException($"there is no image \"{name}\"", string.Join(", ", Names));
        }

        return image;
    }

    /// <summary>
    /// An image of version 1.0.0 (unless <paramref name="more"/> says another) whose hitlessd is <paramref name="script"/>;
    /// <paramref name="whole"/>: with the good one beside it, as <c>$here/hitlessd.real</c>.
    /// </summary>
    public static void Build(string binaries, string folder, string image, string key, string script, bool whole, params string[] more)
    {
        var parts = Path.Combine(folder, Path.GetFileNameWithoutExtension(image) + ".parts");
        Directory.CreateDirectory(parts);
        if (whole)
        {
            File.Copy(Path.Combine(binaries, "hitlessd"), Path.Combine(parts, "hitlessd.real"), overwrite: true);
        }

        var program = Path.Combine(parts, "hitlessd");
        File.WriteAllText(
            program,
            $"#!/bin/sh\n# A firmware that is bad on purpose.\nhere=$(dirname \"$0\")\n{script}\n",
            new UTF8Encoding(encoderShouldEmitUTF8Identifier: false)
        );
        File.SetUnixFileMode(program, (UnixFileMode)0b111_101_101);
        string[] version = more.Contains("--version") ? [] : ["--version", "1.0.0"];
        string[] from = more.Contains("--from") ? [] : ["--from", ">=0.9.0 <2.0.0"];
        string[] activation = more.Contains("--activation") ? [] : ["--activation", "reboot"];
        Tool.Run(
            Path.Combine(binaries, "hitless"),
            [
                "firmware",
                "build",
                parts,
                .. version,
                "--wire-min",
                "1.0",
                "--wire-max",
                "1.1",
                .. from,
                .. activation,
                "--key",
                key,
                "--out",
                image,
                .. more,
            ],
            limit: TimeSpan.FromMinutes(2)
        );
        Directory.Delete(parts, recursive: true);
    }
}
