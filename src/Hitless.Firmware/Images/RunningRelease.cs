using System.Reflection;
using Hitless.Core.Firmware;
using Hitless.Core.Wire;

namespace Hitless.Firmware.Images;

/// <summary>
/// Which release this program is: what the image says that it was started from, whose manifest lies beside it in its slot; started from
/// anywhere else, what was compiled in. So one compilation can be released under several versions, and what a unit reports is always what
/// was signed.
/// </summary>
public static class RunningRelease
{
    private static readonly ImageManifest? Manifest = ManifestIn(AppContext.BaseDirectory);

    /// <summary>As in <c>status</c> and in images: <c>1.0.0</c>.</summary>
    public static string Version { get; } = Manifest?.Version.ToString() ?? CompiledVersion;

    /// <summary>The minor version of the wire protocol that this program speaks: never more than was compiled in.</summary>
    public static byte WireMinor { get; } = MinorOf(Manifest);

    /// <summary>The build property <c>HitlessVersion</c>.</summary>
    public static string CompiledVersion =>
        typeof(RunningRelease).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion;

    /// <summary>The manifest of the slot that a folder is; null if it is none, or its manifest cannot be read.</summary>
    public static ImageManifest? ManifestIn(string folder)
    {
        try
        {
            var file = Path.Combine(folder, ImageExtractor.ManifestName);
            return
                File.Exists(file)
                && ImageManifest.TryRead(File.ReadAllBytes(file), out var manifest, out _)
                && manifest.Product == ImageManifest.HitlessProduct
                ? manifest
                : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>What a program of that release speaks.</summary>
    public static byte MinorOf(ImageManifest? manifest) =>
        manifest is { Wire.Max: { Major: WireVersion.Major } max } ? (byte)Math.Min(WireVersion.Minor, max.Minor) : WireVersion.Minor;
}
