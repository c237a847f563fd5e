using System.Diagnostics.CodeAnalysis;
using Hitless.Core.Configuration;
using Hitless.Firmware.Files;

namespace Hitless.Daemon.Configuration;

/// <summary>
/// The content of <c>cluster.yaml</c> with which the daemon has last started, beside it as <c>cluster.last.yaml</c>: should the file be
/// damaged (a power cut, a hand that slipped), a unit starts with that one and says so,
/// instead of leaving the cluster. What is wrong in <c>unit.yaml</c> is refused as ever: an operator writes that, before a start.
/// </summary>
public static class LastGoodClusterFile
{
    /// <summary>
    /// As <see cref="UnitFile.TryRead"/>; <paramref name="damage"/>: the copy was taken, and why. Null: the file itself is good, and was
    /// copied.
    /// </summary>
    public static bool TryRead(
        string unitFile,
        string clusterFile,
        [NotNullWhen(true)] out UnitSettings? settings,
        out IReadOnlyList<UnitFileProblem> problems,
        out string? damage
    )
    {
        damage = null;
        var copy = CopyOf(clusterFile);
        var emptied = Length(clusterFile) == 0 && Length(copy) > 0;
        if (UnitFile.TryRead(unitFile, clusterFile, out settings, out problems) && !emptied)
        {
            Keep(clusterFile);
            return true;
        }

        if (!File.Exists(clusterFile) || !File.Exists(copy) || !UnitFile.TryRead(unitFile, copy, out var former, out _))
        {
            return settings is not null;
        }

        settings = former;
        damage =
            $"{clusterFile} is damaged ({(emptied ? "it is empty" : problems[0])}): this unit runs with its last good copy; hitless "
            + $"config sync puts the cluster's revision there, then restart hitlessd";
        return true;
    }

    /// <summary>-1: there is no such file. One without a byte is what a power cut leaves; nobody commits that.</summary>
    private static long Length(string file) => new FileInfo(file) is { Exists: true } info ? info.Length : -1;

    private static string CopyOf(string clusterFile) => Path.ChangeExtension(clusterFile, ".last.yaml");

    /// <summary>A disk that takes no writes keeps the older copy, which is good too.</summary>
    private static void Keep(string clusterFile)
    {
        try
        {
            if (!File.Exists(clusterFile))
            {
                File.Delete(CopyOf(clusterFile));
            }
            else if (
                File.ReadAllBytes(clusterFile) is var content
                && !(File.Exists(CopyOf(clusterFile)) && File.ReadAllBytes(CopyOf(clusterFile)).AsSpan().SequenceEqual(content))
            )
            {
                DurableFile.WriteAllBytes(CopyOf(clusterFile), content, DurableFile.OwnerOnly);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // As said above.
        }
    }
}
