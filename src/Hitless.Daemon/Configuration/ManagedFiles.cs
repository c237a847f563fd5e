using System.Text;
using Hitless.Core.Api;
using Hitless.Core.Configuration;
using Hitless.Firmware.Files;

namespace Hitless.Daemon.Configuration;

/// <summary>
/// How something done with managed files ended. <c>Why</c> null: well. <c>Output</c>: what the commands printed. <c>Path</c>: the file that
/// failed.
/// </summary>
public sealed record FilesOutcome(string? Why, string Output, string? Path = null);

/// <summary>
/// The managed files of this unit: check, write, apply, verify, take back, compare. A revision's files whose content is both on disk
/// and in the current revision already are left alone, so nothing is reloaded that did not change. Commands that several files share run
/// once. All methods take files as a revision holds them; what a template becomes on this unit is worked out here.
/// </summary>
/// <param name="candidateFolder">Where candidates for check commands are put.</param>
/// <param name="commandTimeMax">How long one command may run.</param>
/// <param name="values">What names in templates stand for on this unit.</param>
/// <param name="root">
/// Put in front of every path; empty on a real unit. Several units on one file system (tests, a lab without mount namespaces) have one
/// each.
/// </param>
/// <param name="clusterFile">What <see cref="ClusterFile"/> is on this unit; null: none is taken.</param>
/// <param name="write">Replaces a file (as <see cref="DiskFile.WriteAsync"/>); tests put a power cut here.</param>
public sealed class ManagedFiles(
    string candidateFolder,
    TimeSpan commandTimeMax,
    IReadOnlyDictionary<string, string> values,
    string root = "",
    ClusterFileHere? clusterFile = null,
    Func<FileBefore, TimeSpan, Task>? write = null
)
{
    private const string FileMark = "{file}";
    private const int OutputMax = 64 << 10;
    private readonly Func<FileBefore, TimeSpan, Task> _write = write ?? DiskFile.WriteAsync;

    /// <summary>
    /// Reads the listed files from disk, for the first revision. Files that do not exist are left out; one that cannot be taken is an
    /// error.
    /// </summary>
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
                // What belongs to root is nothing to tell: files without an owner can be held by older versions too.
                var owner = before.Owner == "root:root" ? null : before.Owner;
                files.Add(CommitRules.Settled(new ManagedFile(settings.Path, content, null, null, before.Mode, owner), null, settings));
            }
            else if (before.Content is not null)
            {
                problems.Add($"{settings.Path} makes all files together larger than {CommitRules.RevisionLengthMaxBytes >> 20} MiB");
            }
        }

        return (files, problems);
    }

    /// <summary>The files as they have to stand on this unit, in the order in which they are applied.</summary>
    public IReadOnlyList<ManagedFile> Here(IEnumerable<ManagedFile> files) =>
        [
            .. files
                .OrderBy(f => f.Order)
                .ThenBy(f => f.Path, StringComparer.Ordinal)
                .Select(f => f.Template ? f with { Content = Template.Render(f.Content, values).Content } : f),
        ];

    /// <summary>
    /// Runs the check command of each file that would change, on a candidate beside the real file. Changes nothing.
    /// <paramref name="current"/>: the files of the current revision.
    /// </summary>
    public async Task<FilesOutcome> CheckAsync(
        IReadOnlyList<ManagedFile> files,
        IReadOnlyList<ManagedFile> current,
        CancellationToken cancel
    )
    {
        var output = new StringBuilder();
        var now = Here(current);
        foreach (var raw in files)
        {
            var file = Here([raw])[0];
            if (Problem(raw, out var before) is { } problem)
            {
                return new FilesOutcome(problem, output.ToString(), file.Path);
            }

            if (file.Check is null || file.Absent || (IsOnDisk(file, before) && Holds(now, file)))
            {
                continue;
            }

            var outcome = await CheckCandidateAsync(file, file.Check, cancel);
            Append(output, $"check {file.Path}", outcome.Output);
            if (outcome.Why is not null)
            {
                return new FilesOutcome(
                    $"check of {file.Path} failed: {outcome.Why}{FirstLine(outcome.Output)}",
                    output.ToString(),
                    file.Path
                );
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
    /// <param name="repeat">
    /// Run every apply command, also of files that are on disk already: an earlier attempt may have been cut off between writing and
    /// applying.
    /// </param>
    /// <param name="cancel">Stops the running command.</param>
    public async Task<FilesOutcome> ApplyAsync(
        IReadOnlyList<ManagedFile> files,
        IReadOnlyList<ManagedFile> current,
        bool repeat,
        CancellationToken cancel
    )
    {
        var output = new StringBuilder();
        try
        {
            var now = Here(current);
            var commands = new List<(string Path, string Command)>();
            foreach (var file in Here(files))
            {
                var differs = !IsOnDisk(file, DiskFile.Read(Real(file.Path)));
                if (differs && file.Absent)
                {
                    DiskFile.Delete(Real(file.Path));
                }
                else if (differs)
                {
                    await _write(new FileBefore(Real(file.Path), file.Content, file.Mode, file.Owner), commandTimeMax);
                }

                if ((differs || repeat || !Holds(now, file)) && CommandOf(file, file.Apply) is { } command)
                {
                    commands.Add((file.Path, command));
                }
            }

            return await RunAsync("apply", commands, output, cancel);
        }
        catch (ManagedFileException e)
        {
            return new FilesOutcome(e.Message, output.ToString());
        }
    }

    /// <summary>
    /// Whether every file stands on disk as it has to, and the verify commands of those that are not as in the current revision.
    /// </summary>
    public async Task<FilesOutcome> VerifyAsync(
        IReadOnlyList<ManagedFile> files,
        IReadOnlyList<ManagedFile> current,
        CancellationToken cancel
    )
    {
        if (Compare(files).FirstOrDefault(i => i.State != FileSyncState.InSync) is { } wrong)
        {
            return new FilesOutcome($"{wrong.Path} is not on disk as it was written: {wrong.Why}", "", wrong.Path);
        }

        var now = Here(current);
        var changed = Here(files).Where(f => !Holds(now, f));
        return await RunAsync(
            "verify",
            [.. changed.Select(f => (f.Path, Command: CommandOf(f, f.Verify)!)).Where(c => c.Command is not null)],
            new StringBuilder(),
            cancel
        );
    }

    /// <summary>
    /// Puts back what stood there and runs the apply commands for it. Goes on after a failure, to put back as much as can be; the first
    /// failure is the answer. <c>Restored</c>: every file stands as before, whatever the commands said.
    /// </summary>
    public async Task<(FilesOutcome Outcome, bool Restored)> TakeBackAsync(
        IReadOnlyList<FileBefore> before,
        IReadOnlyList<ManagedFile> files,
        CancellationToken cancel
    )
    {
        var output = new StringBuilder();
        string? why = null;
        var commands = new List<(string Path, string Command)>();
        foreach (var old in before)
        {
            try
            {
                if (old.Content is null)
                {
                    DiskFile.Delete(Real(old.Path));
                }
                else
                {
                    await _write(old with { Path = Real(old.Path) }, commandTimeMax);
                }
            }
            catch (ManagedFileException e)
            {
                why ??= e.Message;
            }
        }

        foreach (var file in Here(files))
        {
            if (
                before.FirstOrDefault(b => b.Path == file.Path) is { } old
                && !IsOnDisk(file, old)
                && CommandOf(file with { Absent = old.Content is null }, file.Apply) is { } command
            )
            {
                commands.Add((file.Path, command));
            }
        }

        var ran = await RunAsync("apply", commands, output, cancel, goOn: true);
        return (new FilesOutcome(why ?? ran.Why, ran.Output), why is null);
    }

    /// <summary>Each file of the revision against the disk.</summary>
    public IReadOnlyList<SyncReportItem> Compare(IEnumerable<ManagedFile> files) =>
        [
            .. Here(files)
                .OrderBy(f => f.Path, StringComparer.Ordinal)
                .Select(file =>
                    TryRead(file.Path, out var disk) is { } why ? new SyncReportItem(file.Path, FileSyncState.Drifted, why)
                    : IsOnDisk(file, disk) ? new SyncReportItem(file.Path, FileSyncState.InSync, null)
                    : file.Absent
                        ? new SyncReportItem(file.Path, FileSyncState.Drifted, "the revision has taken it away, and it is on disk")
                    : disk.Content is null ? new SyncReportItem(file.Path, FileSyncState.Missing, "the file is not on disk")
                    : !disk.Content.AsSpan().SequenceEqual(file.Content)
                        ? new SyncReportItem(file.Path, FileSyncState.Drifted, "the file on disk is not that of the revision")
                    : file.Mode is not null && disk.Mode != file.Mode
                        ? new SyncReportItem(file.Path, FileSyncState.Drifted, $"its mode is {disk.Mode}, in the revision {file.Mode}")
                    : new SyncReportItem(file.Path, FileSyncState.Drifted, $"its owner is {disk.Owner}, in the revision {file.Owner}")
                ),
        ];

    /// <summary>What is wrong with a file before its check command is asked; null if nothing.</summary>
    private string? Problem(ManagedFile file, out FileBefore before) =>
        TryRead(file.Path, out before) is { } problem ? problem
        : file.Mode is not null && DiskFile.ModeOf(file.Mode) is null ? $"{file.Path}: mode {file.Mode} is not octal such as 0644"
        : file.Owner is not null && OwnerNames.Now.Unknown(file.Owner) is { } unknown ? $"{file.Path}: this unit knows no {unknown}"
        : file.Template && Template.Render(file.Content, values).Problem is { } missing ? $"{file.Path}: {missing}"
        : file is { Path: ClusterFile.Path, Absent: false } ? clusterFile?.Problem(file.Content)
        : null;

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

    private static bool Holds(IReadOnlyList<ManagedFile> files, ManagedFile file) =>
        files.Any(f => f.Path == file.Path && f.Absent == file.Absent && f.Content.AsSpan().SequenceEqual(file.Content));

    /// <summary>A command ready to run; null if there is none, or if it is about a file that is gone.</summary>
    private string? CommandOf(ManagedFile file, string? command) =>
        command is null || (file.Absent && command.Contains(FileMark, StringComparison.Ordinal))
            ? null
            : ShellCommand.WithFile(command, Real(file.Path));

    private string Real(string path) =>
        path == ClusterFile.Path && clusterFile is not null ? clusterFile.RealPath
        : ManagedPath.IsPlain(path) ? root + path
        : throw new ManagedFileException(path, ManagedPath.NotPlain);

    private static bool IsOnDisk(ManagedFile file, FileBefore disk) =>
        file.Absent
            ? disk.Content is null
            : disk.Content is { } content
                && content.AsSpan().SequenceEqual(file.Content)
                && (file.Mode ?? disk.Mode) == disk.Mode
                && (file.Owner ?? disk.Owner) == disk.Owner;

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

    private async Task<FilesOutcome> RunAsync(
        string what,
        IReadOnlyList<(string Path, string Command)> commands,
        StringBuilder output,
        CancellationToken cancel,
        bool goOn = false
    )
    {
        (string Path, string Why)? failed = null;
        foreach (var (path, command) in commands.DistinctBy(c => c.Command))
        {
            var outcome = await ShellCommand.RunAsync(command, commandTimeMax, cancel);
            Append(output, $"{what} {path}", outcome.Output);
            failed ??= outcome.Why is null ? null : (path, $"{what} of {path} failed: {outcome.Why}{FirstLine(outcome.Output)}");
            if (failed is not null && !goOn)
            {
                break;
            }
        }

        return new FilesOutcome(failed?.Why, output.ToString(), failed?.Path);
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
