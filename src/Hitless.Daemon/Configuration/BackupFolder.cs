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
    private const string ScheduledPrefix = "scheduled-";
    private const string TemporarySuffix = ".part";
    private const string Format = "yyyyMMdd-HHmmss";

    /// <summary>The file for the backup before a run.</summary>
    public string ForRun(string run) => Path.Combine(folder, $"{run}.backup");

    /// <summary>The file for a backup by the clock at that time.</summary>
    public string Scheduled(DateTimeOffset now) =>
        Path.Combine(folder, $"{ScheduledPrefix}{now.UtcDateTime.ToString(Format, CultureInfo.InvariantCulture)}.backup");

    /// <summary>
    /// How long ago the last backup by the clock was taken, by the names of the files; null: none is here but of a time to come, which a
    /// clock has named that was wrong.
    /// </summary>
    public TimeSpan? LastAge(DateTimeOffset now) =>
        Kind(scheduled: true, now) is [.., var newest] && TimeOf(newest) is { } time && time <= now ? now - time : null;

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

    /// <summary>
    /// Removes what the rule does not keep, never <paramref name="written"/>. What bears a time to come counts as the oldest: a clock that
    /// was set back must not end the backups.
    /// </summary>
    public void Prune(string written, DateTimeOffset now)
    {
        foreach (var kind in new[] { Kind(scheduled: true, now), Kind(scheduled: false, now) })
        {
            foreach (var old in kind.SkipLast(keep.Backups).Where(file => file != written))
            {
                File.Delete(old);
            }
        }
    }

    /// <summary>Oldest first.</summary>
    private List<string> Kind(bool scheduled, DateTimeOffset now) =>
        Directory.Exists(folder)
            ?
            [
                .. Directory
                    .EnumerateFiles(folder, "*.backup")
                    .Where(f => Path.GetFileName(f).StartsWith(ScheduledPrefix, StringComparison.Ordinal) == scheduled)
                    .OrderByDescending(f => TimeOf(f) > now)
                    .ThenBy(f => f, StringComparer.Ordinal),
            ]
            : [];

    /// <summary>The time in the name: of the backup, or of the run before which it was taken; null: there is none.</summary>
    private static DateTimeOffset? TimeOf(string file)
    {
        var name = Path.GetFileNameWithoutExtension(file);
        name = name.StartsWith(ScheduledPrefix, StringComparison.Ordinal) ? name[ScheduledPrefix.Length..] : name;
        return
            name.Length >= Format.Length
            && DateTimeOffset.TryParseExact(
                name[..Format.Length],
                Format,
                CultureInfo.InvariantCulture,
                DateTimeStyles.AssumeUniversal,
                out var time
            )
            ? time
            : null;
    }
}
