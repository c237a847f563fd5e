using System.Text;
using Hitless.Core.Api;
using Hitless.Core.Configuration;
using Hitless.Core.Rights;

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
/// <param name="work">Reads, writes and runs.</param>
/// <param name="commandTimeMax">How long one command may run.</param>
/// <param name="values">What names in templates stand for on this unit.</param>
/// <param name="root">
/// Put in front of every path; empty on a real unit. Several units on one file system (tests, a lab without mount namespaces) have one
/// each.
/// </param>
/// <param name="clusterFile">What <see cref="ClusterFile"/> is on this unit; null: none is taken.</param>
public sealed class ManagedFiles(
    IRootWork work,
    TimeSpan commandTimeMax,
    IReadOnlyDictionary<string, string> values,
    string root = "",
    ClusterFileHere? clusterFile = null
)
{
    private const string FileMark = "{file}";
    private const int OutputMax = 64 << 10;

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
        Propose(files);
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

            var candidate = new FileCommand(FileCommandKind.Check, Real(file.Path), file.Check, file.Content, file.Mode);
            var outcome = await work.RunAsync(candidate, commandTimeMax, cancel);
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
    public (IReadOnlyList<FileBefore>? Before, string? Why) Before(IReadOnlyList<ManagedFile> files)
    {
        var before = new List<FileBefore>();
        Propose(files);
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
            var commands = new List<FileCommand>();
            Propose(files);
            foreach (var file in Here(files))
            {
                var differs = !IsOnDisk(file, work.Read(Real(file.Path)));
                if (differs && file.Absent)
                {
                    work.Delete(Real(file.Path));
                }
                else if (differs)
                {
                    await work.WriteAsync(new FileBefore(Real(file.Path), file.Content, file.Mode, file.Owner), commandTimeMax);
                }

                if ((differs || repeat || !Holds(now, file)) && CommandOf(file, FileCommandKind.Apply) is { } command)
                {
                    commands.Add(command);
                }
            }

            return await RunAsync(commands, output, cancel);
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
        Propose(files);
        var changed = Here(files).Where(f => !Holds(now, f));
        return await RunAsync(
            [.. changed.Select(f => CommandOf(f, FileCommandKind.Verify)).OfType<FileCommand>()],
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
        var commands = new List<FileCommand>();
        Propose(files);
        foreach (var old in before)
        {
            try
            {
                if (old.Content is null)
                {
                    work.Delete(Real(old.Path));
                }
                else
                {
                    await work.WriteAsync(old with { Path = Real(old.Path) }, commandTimeMax);
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
                && CommandOf(file with { Absent = old.Content is null }, FileCommandKind.Apply) is { } command
            )
            {
                commands.Add(command);
            }
        }

        var ran = await RunAsync(commands, output, cancel, goOn: true);
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
            before = work.Read(Real(path)) with { Path = path };
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
    private FileCommand? CommandOf(ManagedFile file, FileCommandKind kind) =>
        (kind == FileCommandKind.Verify ? file.Verify : file.Apply) is not { } command
        || (file.Absent && command.Contains(FileMark, StringComparison.Ordinal))
            ? null
            : new FileCommand(kind, Real(file.Path), command);

    /// <summary>What a revision's cluster.yaml lists is known before anything of it is checked or written.</summary>
    private void Propose(IReadOnlyList<ManagedFile> files)
    {
        if (files.FirstOrDefault(file => file is { Path: ClusterFile.Path, Absent: false }) is { } listing)
        {
            work.Propose(listing.Content);
        }
    }

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

    private async Task<FilesOutcome> RunAsync(
        IReadOnlyList<FileCommand> commands,
        StringBuilder output,
        CancellationToken cancel,
        bool goOn = false
    )
    {
        (string Path, string Why)? failed = null;
        foreach (var command in commands.DistinctBy(each => ShellCommand.WithFile(each.Command, each.Path)))
        {
            var (what, path) = ($"{command.Kind}".ToLowerInvariant(), Listed(command.Path));
            var outcome = await work.RunAsync(command, commandTimeMax, cancel);
            Append(output, $"{what} {path}", outcome.Output);
            failed ??= outcome.Why is null ? null : (path, $"{what} of {path} failed: {outcome.Why}{FirstLine(outcome.Output)}");
            if (failed is not null && !goOn)
            {
                break;
            }
        }

        return new FilesOutcome(failed?.Why, output.ToString(), failed?.Path);
    }

    /// <summary>The path by which a revision names what lies at <see cref="Real"/>.</summary>
    private string Listed(string real) => real == clusterFile?.RealPath ? ClusterFile.Path : real[root.Length..];

    private static void Append(StringBuilder output, string what, string text)
    {
        if (text.Length > 0 && output.Length < OutputMax)
        {
            output.Append(what).Append(":\n").Append(text).Append('\n');
        }
    }

    private static string FirstLine(string output) => output.Length == 0 ? "" : ": " + output.Split('\n', 2)[0];
}
