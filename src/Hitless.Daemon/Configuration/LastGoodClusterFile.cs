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
        var cut = CutOff(clusterFile, copy);
        if (UnitFile.TryRead(unitFile, clusterFile, out settings, out problems) && cut is null)
        {
            Keep(clusterFile);
            return true;
        }

        if (!File.Exists(copy) || !UnitFile.TryRead(unitFile, copy, out var former, out _))
        {
            return settings is not null;
        }

        settings = former;
        damage =
            $"{clusterFile} is damaged ({cut ?? problems[0].ToString()}): this unit runs with its last good copy; hitless "
            + $"config sync puts the cluster's revision there, then restart hitlessd";
        return true;
    }

    /// <summary>
    /// What a power cut leaves: nothing, or a beginning of what was there that does not end a line, though it may still be read. Null: it
    /// is neither.
    /// </summary>
    private static string? CutOff(string clusterFile, string copy)
    {
        try
        {
            if (!File.Exists(copy))
            {
                return null;
            }

            if (!File.Exists(clusterFile))
            {
                // A revision that has taken it away is no loss.
                var revisions = new RevisionStore(Path.GetDirectoryName(clusterFile)!);
                var current = revisions.Head is { } head ? revisions.Read(head.Hash) : null;
                return ClusterFile.ContentOf(current) is null ? null : "it is gone";
            }

            var (now, before) = (File.ReadAllBytes(clusterFile), File.ReadAllBytes(copy));
            return before.Length <= now.Length || !before.AsSpan().StartsWith(now) ? null
                : now.Length == 0 ? "it is empty"
                : now[^1] != (byte)'\n' ? "it is cut off"
                : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

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
                DurableFile.WriteOwnBytes(CopyOf(clusterFile), content, DurableFile.OwnerOnly);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // As said above.
        }
    }
}
