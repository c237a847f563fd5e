using System.Globalization;
using Hitless.Core.Configuration;

namespace Hitless.Daemon.Configuration;

/// <summary>
/// The backups that a unit takes by itself: <c>RUN.backup</c> before each run, <c>scheduled-TIME.backup</c> by the clock. Of each kind the
/// newest
/// <c>configuration.keep-backups</c> stay.
/// </summary>
public sealed class BackupFolder(string folder, KeepSettings keep)
{
    private const string Scheduled = "scheduled-";
    private const string TemporarySuffix = ".part";
    private const string Format = "yyyyMMdd-HHmmss";

    /// <summary>The file for the backup before a run.</summary>
    public string ForRun(string run) => Path.Combine(folder, $"{run}.backup");

    /// <summary>The file for the backup that is due by the clock; null if none is.</summary>
    public string? Due(DateTimeOffset now)
    {
        var last =
            Kind(scheduled: true) is [.., var newest]
            && DateTimeOffset.TryParseExact(
                Path.GetFileNameWithoutExtension(newest)[Scheduled.Length..],
                Format,
                CultureInfo.InvariantCulture,
                DateTimeStyles.AssumeUniversal,
                out var time
            )
                ? time
                : DateTimeOffset.MinValue;

        // A clock that was set back must not end the backups.
        return keep.BackupEvery > TimeSpan.Zero && (now - last >= keep.BackupEvery || last > now)
            ? Path.Combine(folder, $"{Scheduled}{now.UtcDateTime.ToString(Format, CultureInfo.InvariantCulture)}.backup")
            : null;
    }

    /// <summary>A name that no file has, for what one request sends or fetches; whoever takes it removes it.</summary>
    public string Temporary()
    {
        Directory.CreateDirectory(folder);
        return Path.Combine(folder, $".{Guid.NewGuid():N}{TemporarySuffix}");
    }

    /// <summary>Removes what requests left behind when a former daemon ended: backups hold the cluster's key.</summary>
    public void RemoveTemporary()
    {
        if (Directory.Exists(folder))
        {
            foreach (var file in Directory.EnumerateFiles(folder, ".*"))
            {
                File.Delete(file);
            }
        }
    }

    /// <summary>Removes what the rule does not keep.</summary>
    public void Prune()
    {
        foreach (var old in Kind(scheduled: true).SkipLast(keep.Backups).Concat(Kind(scheduled: false).SkipLast(keep.Backups)))
        {
            File.Delete(old);
        }
    }

    /// <summary>Oldest first.</summary>
    private List<string> Kind(bool scheduled) =>
        Directory.Exists(folder)
            ?
            [
                .. Directory
                    .EnumerateFiles(folder, "*.backup")
                    .Where(f => Path.GetFileName(f).StartsWith(Scheduled, StringComparison.Ordinal) == scheduled)
                    .Order(StringComparer.Ordinal),
            ]
            : [];
}
