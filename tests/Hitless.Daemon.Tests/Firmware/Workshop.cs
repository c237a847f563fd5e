using System.Security.Cryptography.X509Certificates;
using Hitless.Core.Firmware;
using Hitless.Firmware.Images;
using Hitless.Firmware.Signing;
using Xunit;

namespace Hitless.Daemon.Tests.Firmware;

/// <summary>A folder of its own for one test, with a signing key, and images made of small scripts.</summary>
internal sealed class Workshop : IDisposable
{
    public Workshop()
    {
        (Signer, Trust) = MakeKey("Maker");
        Directory.CreateDirectory(State);
    }

    public string Folder { get; } = Directory.CreateTempSubdirectory("hitless-firmware-").FullName;

    public string State => Path.Combine(Folder, "state");

    public X509Certificate2 Signer { get; }

    public TrustStore Trust { get; }

    public static DateTimeOffset Now { get; } = new(2030, 6, 1, 0, 0, 0, TimeSpan.Zero);

    public string PathOf(string name) => Path.Combine(Folder, name);

    /// <summary>A key, and a trust file with its certificate alone; good for the year 2030.</summary>
    public (X509Certificate2 Signer, TrustStore Trust) MakeKey(string name)
    {
        var (key, certificate) = (PathOf(name + ".key"), PathOf(name + ".pem"));
        SigningKey.Generate(name, key, certificate, Now.AddMonths(-5), Now.AddMonths(6));
        Assert.True(TrustStore.TryRead(certificate, out var trust, out _));
        return (SigningKey.Read(key), trust);
    }

    /// <summary>An image whose hitlessd is this shell script, with a second file in a folder; its path.</summary>
    public string MakeImage(
        string version,
        string script = "exit 0",
        X509Certificate2? signer = null,
        bool signed = true,
        SystemRecipe? recipe = null
    )
    {
        var folder = PathOf("parts-" + version);
        Directory.CreateDirectory(Path.Combine(folder, "share"));
        WriteScript(Path.Combine(folder, "hitlessd"), script);
        File.WriteAllText(Path.Combine(folder, "share", "notes.txt"), new string('n', 10_000));
        var image = PathOf(version + ".hli");
        Assert.True(
            ImageBuilder.TryBuild(
                folder,
                Options(version) with
                {
                    Recipe = recipe,
                    Activation = recipe is { Reboot: true } ? Activation.Reboot : Activation.Restart,
                },
                signed ? signer ?? Signer : null,
                image,
                out _,
                out var problem
            ),
            problem?.Error
        );
        return image;
    }

    public static ImageOptions Options(string version)
    {
        Assert.True(SemanticVersion.TryParse(version, out var parsed));
        return new ImageOptions(parsed, new ProtocolRange(new(1, 0), new(1, 1)));
    }

    public static void WriteScript(string path, string script)
    {
        File.WriteAllText(path, "#!/bin/sh\n" + script + "\n");
        File.SetUnixFileMode(path, (UnixFileMode)0b111_101_101);
    }

    public static ImageFile Open(string path)
    {
        Assert.True(ImageFile.TryOpen(path, out var image, out var problem), problem?.Error);
        return image;
    }

    public void Dispose()
    {
        Signer.Dispose();
        Directory.Delete(Folder, recursive: true);
    }
}
