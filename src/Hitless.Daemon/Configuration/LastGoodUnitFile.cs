using System.Diagnostics.CodeAnalysis;
using System.Text;
using Hitless.Core.Configuration;
using Hitless.Firmware.Files;

namespace Hitless.Daemon.Configuration;

/// <summary>
/// A copy of <c>unit.yaml</c> as the daemon has last started with it, in the state directory. It counts where the file is damaged: gone,
/// unreadable, empty, no text any more, or a beginning of the copy that ends amid a line. Any other mistake in a text is refused with its
/// place, as ever: somebody wrote that.
/// </summary>
public static class LastGoodUnitFile
{
    private const string Name = "unit.last.yaml";

    /// <summary>As <see cref="LastGoodClusterFile.TryRead"/>, which is asked first; the copy of either file may have been taken.</summary>
    public static bool TryRead(
        string unitFile,
        string clusterFile,
        [NotNullWhen(true)] out UnitSettings? settings,
        out IReadOnlyList<UnitFileProblem> problems,
        out string? damage
    )
    {
        var copy = Path.Combine(Path.GetDirectoryName(clusterFile)!, Name);
        var readable = LastGoodClusterFile.TryRead(unitFile, clusterFile, out settings, out problems, out damage);
        var former = Read(copy);
        var what = DamageOf(unitFile, former ?? []);
        if (readable && what is null)
        {
            Keep(unitFile, copy);
            return settings is not null;
        }

        if (what is null || former is null)
        {
            return settings is not null;
        }

        // Relative paths in it are those of the file itself.
        if (!UnitFile.TryParse(former, unitFile, Read(clusterFile), out var copied, out _))
        {
            return settings is not null;
        }

        settings = copied;
        damage = $"{unitFile} {what}: this unit runs with its last good copy; put it back (cp {copy} {unitFile}), then restart hitlessd";
        return true;
    }

    /// <summary>What has happened to the file that no operator does to it; null: it is a text.</summary>
    private static string? DamageOf(string unitFile, byte[] former)
    {
        try
        {
            if (!File.Exists(unitFile))
            {
                return Directory.Exists(unitFile) ? "is a folder" : "is gone";
            }

            if (new FileInfo(unitFile).Length > UnitFile.LengthMaxBytes)
            {
                return null;
            }

            var content = File.ReadAllBytes(unitFile);
            return string.IsNullOrWhiteSpace(new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(content)) ? "is empty"
                : content.Contains((byte)0) ? "is damaged"
                : content[^1] != (byte)'\n' && former.Length > content.Length && former.AsSpan().StartsWith(content) ? "is cut off"
                : null;
        }
        catch (DecoderFallbackException)
        {
            return "is damaged";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return $"cannot be read ({e.Message})";
        }
    }

    private static byte[]? Read(string path)
    {
        try
        {
            return File.Exists(path) ? File.ReadAllBytes(path) : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>A disk that takes no writes keeps the older copy.</summary>
    private static void Keep(string unitFile, string copy)
    {
        try
        {
            var content = File.ReadAllBytes(unitFile);
            if (!content.AsSpan().SequenceEqual(Read(copy)))
            {
                Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
                DurableFile.WriteOwnBytes(copy, content, DurableFile.OwnerOnly);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // As said above.
        }
    }
}
