using System.CommandLine;
using System.Diagnostics;
using Hitless.Cli.Client;
using Hitless.Cli.Display;
using Hitless.Core.Api;
using Hitless.Core.Configuration;

namespace Hitless.Cli.Commands;

/// <summary><c>config edit, commit, remove, confirm</c>: new content for managed files.</summary>
internal static class CommitCommands
{
    /// <summary>Who asks: the person behind sudo, if there is one.</summary>
    public static string Author =>
        Environment.GetEnvironmentVariable("SUDO_USER") is { Length: > 0 } person ? person : Environment.UserName;

    public static Command MakeEdit(Shell shell)
    {
        var path = new Argument<string>("PATH") { Description = $"The managed file, or {ClusterFile.Path}: the settings of the cluster" };
        var (message, confirm) = (Message(), Confirm());
        return shell.Command(
            "edit",
            "Open a managed file in $EDITOR and commit what was saved",
            call => EditAsync(call, call.Value(path)!, call.Value(message), call.Value(confirm)),
            path,
            message,
            confirm
        );
    }

    public static Command MakeCommit(Shell shell)
    {
        var paths = new Argument<string[]>("PATH")
        {
            Description = "Managed files, read from this unit's disk; PATH=FILE takes the content from elsewhere",
            Arity = ArgumentArity.ZeroOrMore,
        };
        var fromDisk = new Option<bool>("--from-disk") { Description = "Every managed file as it lies on this unit's disk" };
        var (message, confirm) = (Message(), Confirm());
        return shell.Command(
            "commit",
            "Check new content on every unit, apply it, and take it back everywhere if one fails",
            call => CommitAsync(call, call.Value(paths)!, call.Value(fromDisk), call.Value(message), call.Value(confirm)),
            paths,
            fromDisk,
            message,
            confirm
        );
    }

    public static Command MakeRemove(Shell shell)
    {
        var paths = new Argument<string[]>("PATH") { Description = "Managed files", Arity = ArgumentArity.OneOrMore };
        var (message, confirm) = (Message(), Confirm());
        return shell.Command(
            "remove",
            "Take managed files away from every unit",
            call => RemoveAsync(call, call.Value(paths)!, call.Value(message), call.Value(confirm)),
            paths,
            message,
            confirm
        );
    }

    public static Command MakeConfirm(Shell shell) =>
        shell.Command("confirm", "Keep what was committed with --confirm", async call =>
            Show(
                call,
                await call.Unit.PostAsync(
                    $"/v1/config/confirm?author={Uri.EscapeDataString(Author)}",
                    ApiJson.Default.CommitResult,
                    call.Cancel
                )
            )
        );

    /// <summary>The answer to whatever made a revision.</summary>
    public static int Show(Call call, CommitResult result)
    {
        call.Screen.Show(result, CliJson.Api.CommitResult, answer =>
        {
            call.Screen.Line($"revision {answer.Revision.Number} ({Words.Short(answer.Revision.Hash)}) is current");
            foreach (var unit in answer.Units)
            {
                call.Screen.Line($"  {unit.Unit}: {unit.Result}{(unit.Detail is null ? "" : $": {unit.Detail}")}");
            }

            foreach (var note in answer.Notes ?? [])
            {
                call.Screen.Line($"note: {note}");
            }

            if (answer.ConfirmBefore is { } limit)
            {
                call.Screen.Line($"it undoes itself at {Words.Time(limit)} unless: hitless config confirm");
            }
        });
        return ExitCode.Done;
    }

    public static ManagedFile Find(Revision revision, string path) =>
        revision.Files.FirstOrDefault(file => file.Path == path)
        ?? throw new RefusedException(
            $"{path} is not a managed file of this cluster",
            "hitless config show lists them; configuration.files in unit.yaml adds one"
        );

    private static ReadOnlySpan<byte> FirstClusterFile =>
        """
        # The settings of the cluster. A section here replaces that of every unit's unit.yaml, and takes effect as the units' daemons
        # restart in service.
        # Sections: interfaces, sessions, configuration, health, forwarding, services, hooks, election, upgrade (hitless config schema
        # cluster.yaml).

        """u8;

    private static Option<string?> Message() => new("--message", "-m") { Description = "Why", HelpName = "TEXT" };

    private static Option<string?> Confirm() =>
        new("--confirm") { Description = "Undo it after this time unless it is confirmed: 10m", HelpName = "T" };

    private static Task<Revision> CurrentAsync(Call call) => call.Unit.GetAsync("/v1/config", ApiJson.Default.Revision, call.Cancel);

    private static async Task<int> CommitAsync(Call call, string[] paths, bool fromDisk, string? message, string? confirm)
    {
        if (fromDisk == paths.Length > 0)
        {
            throw new UsageException("name the files to commit, or --from-disk for all of them", "see hitless config commit --help");
        }

        var confirmMs = Milliseconds(confirm);
        var current = await CurrentAsync(call);
        var sources = fromDisk
            ? current
                .Files.Where(file => !file.Template && file.Path != ClusterFile.Path && File.Exists(file.Path))
                .Select(file => (file.Path, Source: file.Path))
            : paths.Select(path => path.Split('=', 2) is [var managed, var source] ? (managed, source) : (Path.GetFullPath(path), path));
        var files = sources.Select(pair => FromDisk(Listed(current, pair.Item1), pair.Item2)).ToList();
        return await SendAsync(
            call,
            files,
            current,
            message ?? $"commit of {string.Join(", ", files.Select(file => file.Path))}",
            confirmMs
        );
    }

    private static async Task<int> RemoveAsync(Call call, string[] paths, string? message, string? confirm)
    {
        var confirmMs = Milliseconds(confirm);
        var current = await CurrentAsync(call);
        var files = paths.Select(path => Find(current, path) with { Content = [], Absent = true }).ToList();
        return await SendAsync(call, files, current, message ?? $"removal of {string.Join(", ", paths)}", confirmMs);
    }

    private static async Task<int> EditAsync(Call call, string path, string? message, string? confirm)
    {
        var confirmMs = Milliseconds(confirm);
        var current = await CurrentAsync(call);
        var before = Listed(current, path);
        var folder = Directory.CreateTempSubdirectory("hitless-");
        var draft = Path.Combine(folder.FullName, Path.GetFileName(path));
        var keep = false;
        try
        {
            await File.WriteAllBytesAsync(draft, before.Content, call.Cancel);
            await OpenEditorAsync(draft, call.Cancel);
            var after = await File.ReadAllBytesAsync(draft, call.Cancel);
            if (after.AsSpan().SequenceEqual(before.Content))
            {
                throw new RefusedException($"{path} was left as it was; nothing to commit", "save a change in the editor");
            }

            return await SendAsync(
                call,
                [before with { Content = after, Absent = false }],
                current,
                message ?? $"edit of {path}",
                confirmMs
            );
        }
        catch (RefusedException refused) when (refused.Refusal.Detail is not null)
        {
            // Somebody else was faster, or a check said no: what was written must not be lost.
            keep = true;
            throw new RefusedException(
                refused.Refusal with
                {
                    Remedy = $"your text is kept in {draft}: mend it by what follows, then hitless config commit {path}={draft}",
                },
                refused
            );
        }
        finally
        {
            if (!keep)
            {
                folder.Delete(recursive: true);
            }
        }
    }

    private static async Task<int> SendAsync(Call call, IReadOnlyList<ManagedFile> files, Revision current, string message, long? confirmMs)
    {
        var request = new CommitRequest(files, message, Author, current.Info.Hash, confirmMs);
        return Show(
            call,
            await call.Unit.PostAsync(
                "/v1/config/commit",
                request,
                ApiJson.Default.CommitRequest,
                ApiJson.Default.CommitResult,
                call.Cancel
            )
        );
    }

    /// <summary>
    /// As <see cref="Find"/>; a path that the cluster does not know yet is sent all the same: unit.yaml may list it, the unit decides.
    /// </summary>
    private static ManagedFile Listed(Revision current, string path) =>
        current.Files.FirstOrDefault(file => file.Path == path)
        ?? new ManagedFile(path, path == ClusterFile.Path ? [.. FirstClusterFile] : [], null, null, null);

    private static ManagedFile FromDisk(ManagedFile managed, string source) =>
        source == managed.Path && managed.Template
            ? throw new RefusedException(
                $"{source} is a template: on disk stand this unit's values",
                "hitless config edit opens the template itself; PATH=FILE takes another file"
            )
        : new FileInfo(source).Length > CommitRules.FileLengthMaxBytes
            ? throw new RefusedException(
                $"{source} is larger than {CommitRules.FileLengthMaxBytes >> 20} MiB",
                "make it smaller; large data does not belong in the configuration"
            )
        : managed with
        {
            Content = File.ReadAllBytes(source),
            Absent = false,
            Mode =
                source == managed.Path
                    ? "0" + Convert.ToString((int)File.GetUnixFileMode(source) & 0x1FF, 8).PadLeft(3, '0')
                    : managed.Mode,
        };

    private static async Task OpenEditorAsync(string file, CancellationToken cancel)
    {
        var editor = Environment.GetEnvironmentVariable("VISUAL") ?? Environment.GetEnvironmentVariable("EDITOR") ?? "vi";

        // Through a shell, because the variable may hold options: EDITOR="code --wait".
        using var process = Process.Start(
            new ProcessStartInfo("/bin/sh", ["-c", $"{editor} \"$1\"", "sh", file]) { UseShellExecute = false }
        )!;
        await process.WaitForExitAsync(cancel);
        if (process.ExitCode != 0)
        {
            throw new RefusedException(
                $"the editor ({editor}) ended with {process.ExitCode}; nothing was committed",
                "set EDITOR to an editor that is installed"
            );
        }
    }

    private static long? Milliseconds(string? text) =>
        text is null ? null
        : Words.TryDuration(text, out var time) ? (long)time.TotalMilliseconds
        : throw new UsageException($"\"{text}\" is no duration", "write it as 30s, 10m or 1h30m");
}
