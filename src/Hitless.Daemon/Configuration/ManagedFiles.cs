using System.Text;
using Hitless.Core.Api;
using Hitless.Core.Configuration;
using Hitless.Firmware.Files;

namespace Hitless.Daemon.Configuration;

/// <summary>How something done with managed files ended. <c>Why</c> null: well. <c>Output</c>: what the commands printed.</summary>
public sealed record FilesOutcome(string? Why, string Output);

/// <summary>
/// The managed files of this unit: check, write, apply, take back, compare. A revision's files whose content is both on disk
/// and in the current revision already are left alone, so nothing is reloaded that did not change. Commands that several files share run once.
/// </summary>
/// <param name="candidateFolder">Where candidates for check commands are put.</param>
/// <param name="commandTimeMax">How long one command may run.</param>
/// <param name="root">Put in front of every path; empty on a real unit. Several units on one file system (tests, a lab without mount namespaces) have one each.</param>
public sealed class ManagedFiles(string candidateFolder, TimeSpan commandTimeMax, string root = "")
{
    private const int OutputMax = 64 << 10;

    /// <summary>Reads the listed files from disk, for the first revision. Files that do not exist are left out; one that cannot be taken is an error.</summary>
    public (IReadOnlyList<ManagedFile> Files, IReadOnlyList<string> Problems) Import(IEnumerable<ManagedFileSettings> listed)
    {
        var files = new List<ManagedFile>();
        var problems = new List<string>();
        long total = 0;
        foreach (var settings in listed)
        {
            if (TryRead(settings.Path, out var before) is { } why)
            {
                problems.Add(why);
            }
            else if (before.Content is { } content && (total += content.Length) <= CommitRules.RevisionLengthMaxBytes)
            {
                files.Add(new ManagedFile(settings.Path, content, settings.Check, settings.Apply, before.Mode));
            }
            else if (before.Content is not null)
            {
                problems.Add($"{settings.Path} makes all files together larger than {CommitRules.RevisionLengthMaxBytes >> 20} MiB");
            }
        }

        return (files, problems);
    }

    /// <summary>Runs the check command of each file that would change, on a candidate beside the real file. Changes nothing. <paramref name="current"/>: the files of the current revision.</summary>
    public async Task<FilesOutcome> CheckAsync(IReadOnlyList<ManagedFile> files, IReadOnlyList<ManagedFile> current, CancellationToken cancel)
    {
        var output = new StringBuilder();
        foreach (var file in files)
        {
            if (TryRead(file.Path, out var before) is { } problem)
            {
                return new FilesOutcome(problem, output.ToString());
            }

            if (file.Mode is not null && DiskFile.ModeOf(file.Mode) is null)
            {
                return new FilesOutcome($"{file.Path}: mode {file.Mode} is not octal such as 0644", output.ToString());
            }

            if (file.Check is null || (IsOnDisk(file, before) && Holds(current, file)))
            {
                continue;
            }

            var outcome = await CheckCandidateAsync(file, file.Check, cancel);
            Append(output, $"check {file.Path}", outcome.Output);
            if (outcome.Why is not null)
            {
                return new FilesOutcome($"check of {file.Path} failed: {outcome.Why}{FirstLine(outcome.Output)}", output.ToString());
            }
        }

        return new FilesOutcome(null, output.ToString());
    }

    /// <summary>What stands on disk now for these files; null and the reason if it cannot be read.</summary>
    public (IReadOnlyList<FileBefore>? Before, string? Why) Before(IEnumerable<ManagedFile> files)
    {
        var before = new List<FileBefore>();
        foreach (var file in files)
        {
            if (TryRead(file.Path, out var read) is { } why)
            {
                return (null, why);
            }

            before.Add(read);
        }

        return (before, null);
    }

    /// <summary>Writes the files that differ, then runs their apply commands. On failure it stops there: the caller takes back.</summary>
    /// <param name="files">The files of the revision.</param>
    /// <param name="current">The files of the current revision: what someone edited on disk and then committed is applied too.</param>
    /// <param name="repeat">Run every apply command, also of files that are on disk already: an earlier attempt may have been cut off between writing and applying.</param>
    /// <param name="cancel">Stops the running command.</param>
    public async Task<FilesOutcome> ApplyAsync(IReadOnlyList<ManagedFile> files, IReadOnlyList<ManagedFile> current, bool repeat, CancellationToken cancel)
    {
        var output = new StringBuilder();
        try
        {
            var commands = new List<(string Path, string Command)>();
            foreach (var file in files)
            {
                var differs = !IsOnDisk(file, DiskFile.Read(Real(file.Path)));
                if (differs)
                {
                    await DiskFile.WriteAsync(Real(file.Path), file.Content, file.Mode, commandTimeMax);
                }

                if (file.Apply is not null && (differs || repeat || !Holds(current, file)))
                {
                    commands.Add((file.Path, ShellCommand.WithFile(file.Apply, Real(file.Path))));
                }
            }

            return await RunAsync(commands, output, cancel);
        }
        catch (ManagedFileException e)
        {
            return new FilesOutcome(e.Message, output.ToString());
        }
    }

    /// <summary>Puts back what stood there and runs the apply commands for it. Goes on after a failure, to put back as much as can be; the first failure is the answer. <c>Restored</c>: every file stands as before, whatever the commands said.</summary>
    public async Task<(FilesOutcome Outcome, bool Restored)> TakeBackAsync(IReadOnlyList<FileBefore> before, IReadOnlyList<ManagedFile> files, CancellationToken cancel)
    {
        var output = new StringBuilder();
        string? why = null;
        var commands = new List<(string Path, string Command)>();
        foreach (var old in before)
        {
            try
            {
                await DiskFile.RestoreAsync(old with { Path = Real(old.Path) }, commandTimeMax);
            }
            catch (ManagedFileException e)
            {
                why ??= e.Message;
            }

            var file = files.FirstOrDefault(f => f.Path == old.Path);
            var changed = file is not null && !IsOnDisk(file, old);
            if (old.Content is not null && changed && file?.Apply is { } apply)
            {
                commands.Add((old.Path, ShellCommand.WithFile(apply, Real(old.Path))));
            }
        }

        var ran = await RunAsync(commands, output, cancel, goOn: true);
        return (new FilesOutcome(why ?? ran.Why, ran.Output), why is null);
    }

    /// <summary>Each file of the revision against the disk: in-sync, drifted, missing.</summary>
    public IReadOnlyList<SyncReportItem> Compare(IEnumerable<ManagedFile> files) =>
    [
        .. files.Select(file => TryRead(file.Path, out var disk) is { } why ? new SyncReportItem(file.Path, "drifted", why)
            : disk.Content is null ? new SyncReportItem(file.Path, "missing", "the file is not on disk")
            : !disk.Content.AsSpan().SequenceEqual(file.Content) ? new SyncReportItem(file.Path, "drifted", "the file on disk is not that of the revision")
            : file.Mode is not null && disk.Mode != file.Mode ? new SyncReportItem(file.Path, "drifted", $"its mode is {disk.Mode}, in the revision {file.Mode}")
            : new SyncReportItem(file.Path, "in-sync", null)),
    ];

    private string? TryRead(string path, out FileBefore before)
    {
        try
        {
            before = DiskFile.Read(Real(path)) with { Path = path };
            return null;
        }
        catch (ManagedFileException e)
        {
            before = new FileBefore(path, null, null);
            return e.Message;
        }
    }

    private static bool Holds(IReadOnlyList<ManagedFile> files, ManagedFile file) => files.Any(f => f.Path == file.Path && f.Content.AsSpan().SequenceEqual(file.Content));

    private string Real(string path) => ManagedPath.IsPlain(path) ? root + path : throw new ManagedFileException(path, ManagedPath.NotPlain);

    private static bool IsOnDisk(ManagedFile file, FileBefore disk) =>
        disk.Content is { } content && content.AsSpan().SequenceEqual(file.Content) && (file.Mode is null || file.Mode == disk.Mode);

    private async Task<CommandOutcome> CheckCandidateAsync(ManagedFile file, string check, CancellationToken cancel)
    {
        var folder = Path.Combine(candidateFolder, Guid.NewGuid().ToString("n"));
        try
        {
            Directory.CreateDirectory(folder);
            var candidate = Path.Combine(folder, Path.GetFileName(file.Path));
            DurableFile.WriteAllBytes(candidate, file.Content, DiskFile.ModeOf(file.Mode) ?? DurableFile.OwnerOnly);
            return await ShellCommand.RunAsync(ShellCommand.WithFile(check, candidate), commandTimeMax, cancel);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new CommandOutcome($"the candidate cannot be written: {e.Message}", "");
        }
        finally
        {
            if (Directory.Exists(folder))
            {
                Directory.Delete(folder, recursive: true);
            }
        }
    }

    private async Task<FilesOutcome> RunAsync(List<(string Path, string Command)> commands, StringBuilder output, CancellationToken cancel, bool goOn = false)
    {
        string? why = null;
        foreach (var (path, command) in commands.DistinctBy(c => c.Command))
        {
            var outcome = await ShellCommand.RunAsync(command, commandTimeMax, cancel);
            Append(output, $"apply {path}", outcome.Output);
            why ??= outcome.Why is null ? null : $"apply of {path} failed: {outcome.Why}{FirstLine(outcome.Output)}";
            if (why is not null && !goOn)
            {
                break;
            }
        }

        return new FilesOutcome(why, output.ToString());
    }

    private static void Append(StringBuilder output, string what, string text)
    {
        if (text.Length > 0 && output.Length < OutputMax)
        {
            output.Append(what).Append(":\n").Append(text).Append('\n');
        }
    }

    private static string FirstLine(string output) => output.Length == 0 ? "" : ": " + output.Split('\n', 2)[0];
}
