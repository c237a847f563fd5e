using Hitless.Lab.Tools;

namespace Hitless.Lab.Commands;

/// <summary>
/// Finds the images that <c>./dev demo</c> leaves beside the binaries: hitless-0.9.0.hli, hitless-1.0.0.hli, and the certificate.
/// </summary>
public static class Images
{
    /// <summary>The n-th good image of <c>images/</c> in the folder of binaries, by name.</summary>
    public static string Default(string binaries, int index)
    {
        var folder = Path.Combine(binaries, "images");
        var found = Directory.Exists(folder)
            ? Directory
                .EnumerateFiles(folder, "*.hli")
                .Where(file => !Path.GetFileName(file).Contains("bad", StringComparison.Ordinal))
                .Order(StringComparer.Ordinal)
                .ToArray()
            : [];
        return index < found.Length
            ? found[index]
            : throw new LabException($"no image to install in {folder}", "`./dev demo` makes them, or name one yourself");
    }

    /// <summary>The only certificate in the image's folder.</summary>
    public static string TrustBeside(string image)
    {
        var folder = Path.GetDirectoryName(Path.GetFullPath(image))!;
        var found = Directory
            .EnumerateFiles(folder, "*.pem")
            .Where(file => File.ReadAllText(file).Contains("BEGIN CERTIFICATE", StringComparison.Ordinal))
            .ToArray();
        return found.Length == 1
            ? found[0]
            : throw new LabException($"{found.Length} certificates (*.pem) beside {image}", "say which with --trust");
    }
}
