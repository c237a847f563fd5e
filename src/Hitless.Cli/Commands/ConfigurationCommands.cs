using System.CommandLine;
using Hitless.Cli.Display;
using Hitless.Core.Api;
using Hitless.Core.Configuration;
using Hitless.Firmware.Files;

namespace Hitless.Cli.Commands;

/// <summary>
/// <c>config show, diff, history, rollback, report, sync, backup, restore</c>; what writes new content is in <see cref="CommitCommands"/>.
/// </summary>
internal static class ConfigurationCommands
{
    public static Command Make(Shell shell)
    {
        var path = new Argument<string?>("PATH") { Description = "Print this file alone", Arity = ArgumentArity.ZeroOrOne };
        var revision = new Option<string?>("--revision")
        {
            Description = "Another revision: number, beginning of a hash, branch, disk, gw2 (its disk) or gw2:REV",
            HelpName = "REV",
        };
        var settings = new Option<bool>("--settings")
        {
            Description = "The settings of this unit instead, with scope (of the cluster, or the unit's own) and the file that says it",
        };
        var from = new Argument<string?>("FROM")
        {
            Description = "Revision, branch, unit or unit:revision (default: the current revision)",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var to = new Argument<string?>("TO")
        {
            Description = "The same (default: the files on this unit's disk)",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var back = new Argument<string>("REV") { Description = "Number, beginning of a hash, or branch, as in config history" };
        var withoutSecrets = new Option<bool>("--without-secrets")
        {
            Description = "Leave out the cluster's key and files that are marked as secret",
        };
        var message = new Option<string?>("--message", "-m") { Description = "Why", HelpName = "TEXT" };
        var file = new Argument<string>("FILE") { Description = "The backup" };
        var described = new Argument<string>("NAME") { Description = "unit.yaml or cluster.yaml", DefaultValueFactory = _ => "unit.yaml" };
        described.AcceptOnlyFromAmong("unit.yaml", ClusterFile.Path);
        return new Command("config", "The configuration that all units share")
        {
            shell.Command(
                "show",
                "The current revision and its files",
                call => call.Value(settings) ? ShowSettingsAsync(call) : ShowAsync(call, call.Value(path), call.Value(revision)),
                path,
                revision,
                settings
            ),
            shell.Command(
                "schema",
                "Print the JSON Schema of unit.yaml or cluster.yaml, for editors",
                call => SchemaAsync(call, call.Value(described)!),
                described
            ),
            CommitCommands.MakeEdit(shell),
            shell.Command(
                "diff",
                "What differs between two revisions, or between the current one and this unit's disk",
                call => DiffAsync(call, call.Value(from), call.Value(to)),
                from,
                to
            ),
            CommitCommands.MakeCommit(shell),
            CommitCommands.MakeRemove(shell),
            CommitCommands.MakeConfirm(shell),
            shell.Command("history", "All revisions, newest first, and the branches", HistoryAsync),
            shell.Command(
                "rollback",
                "Make an older revision's content current again",
                call => RollBackAsync(call, call.Value(back)!, call.Value(message)),
                back,
                message
            ),
            shell.Command("report", "Which unit and which file is in sync, and if not since when and why", call =>
                ReportAsync(call, call.Unit.GetAsync("/v1/config/report", ApiJson.Default.SyncReport, call.Cancel))
            ),
            shell.Command("sync", "Bring every unit to the current revision", call =>
                ReportAsync(call, call.Unit.PostAsync("/v1/config/sync", ApiJson.Default.SyncReport, call.Cancel))
            ),
            shell.Command(
                "backup",
                "Write a backup of every unit that one can carry away",
                call => BackUpAsync(call, call.Value(file)!, call.Value(withoutSecrets)),
                file,
                withoutSecrets
            ),
            shell.Command("restore", "Make a backup's content current", call => RestoreAsync(call, call.Value(file)!), file),
        };
    }

    private static async Task<int> ShowAsync(Call call, string? path, string? reference)
    {
        var revision = await call.Unit.GetAsync(
            "/v1/config" + (reference is null ? "" : $"?revision={Uri.EscapeDataString(reference)}"),
            ApiJson.Default.Revision,
            call.Cancel
        );
        if (path is not null)
        {
            var file = CommitCommands.Find(revision, path);
            call.Screen.Show(revision with { Files = [file] }, CliJson.Api.Revision, _ =>
                call.Screen.Output.Write(System.Text.Encoding.UTF8.GetString(file.Content))
            );
            return ExitCode.Done;
        }

        call.Screen.Show(revision, CliJson.Api.Revision, answer =>
        {
            call.Screen.Line(RevisionLine(answer.Info));
            var table = Tables.Plain("FILE", "SIZE", "MODE", "OWNER", "CHECK", "APPLY", "VERIFY", "");
            foreach (var managed in answer.Files)
            {
                table.AddTexts(
                    managed.Path,
                    managed.Absent ? RevisionSchema.AbsentKey : Words.Bytes(managed.Content.Length),
                    managed.Mode ?? "",
                    managed.Owner ?? "",
                    managed.Check ?? "",
                    managed.Apply ?? "",
                    managed.Verify ?? "",
                    string.Join(' ', Marks(managed))
                );
            }

            call.Screen.Console.Write(table);
        });
        return ExitCode.Done;
    }

    private static async Task<int> ShowSettingsAsync(Call call)
    {
        var settings = await call.Unit.GetAsync("/v1/config/settings", ApiJson.Default.ConfigurationSettings, call.Cancel);
        call.Screen.Show(settings, CliJson.Api.ConfigurationSettings, answer =>
        {
            var table = Tables.Plain("SCOPE", "FROM", "SETTING", "VALUE");
            foreach (var setting in answer.Settings)
            {
                table.AddTexts(setting.Scope, setting.From, setting.Key, setting.Value);
            }

            call.Screen.Console.Write(table);
        });
        return ExitCode.Done;
    }

    private static async Task<int> SchemaAsync(Call call, string name)
    {
        using var schema = new MemoryStream();
        await call.Unit.DownloadAsync($"/v1/config/schema?file={name}", schema, call.Cancel);
        call.Screen.Output.Write(System.Text.Encoding.UTF8.GetString(schema.ToArray()));
        return ExitCode.Done;
    }

    private static IEnumerable<string> Marks(ManagedFile file) =>
        new[] { (file.Template, "template"), (file.Secret, "secret"), (file.Order != 0, $"order {file.Order}") }
            .Where(mark => mark.Item1)
            .Select(mark => mark.Item2);

    private static async Task<int> DiffAsync(Call call, string? from, string? to)
    {
        string[] query =
        [
            .. from is null ? [] : (string[])[$"from={Uri.EscapeDataString(from)}"],
            .. to is null ? [] : (string[])[$"to={Uri.EscapeDataString(to)}"],
        ];
        var difference = await call.Unit.GetAsync(
            "/v1/config/diff?" + string.Join('&', query),
            ApiJson.Default.ConfigurationDifference,
            call.Cancel
        );
        call.Screen.Show(difference, CliJson.Api.ConfigurationDifference, answer =>
        {
            foreach (var file in answer.Files)
            {
                call.Screen.Line($"{file.Change} {file.Path}");
                call.Screen.Line(file.Text.TrimEnd('\n'));
            }

            if (answer.Files.Count == 0)
            {
                call.Screen.Line($"no difference between {answer.From} and {answer.To}");
            }
        });
        return ExitCode.Done;
    }

    private static async Task<int> HistoryAsync(Call call)
    {
        var history = await call.Unit.GetAsync("/v1/config/history", ApiJson.Default.ConfigurationHistory, call.Cancel);
        call.Screen.Show(history, CliJson.Api.ConfigurationHistory, answer =>
        {
            var table = Tables.Plain("REV", "TIME", "AUTHOR", "HASH", "MESSAGE");
            foreach (var revision in answer.Revisions)
            {
                table.AddTexts(
                    $"{revision.Number}",
                    Words.Time(revision.Time),
                    revision.Author,
                    Words.Short(revision.Hash),
                    revision.Message
                );
            }

            call.Screen.Console.Write(table);
            foreach (var branch in answer.Branches)
            {
                call.Screen.Line(
                    $"branch {branch.Name}: revision {branch.Head.Number} by {branch.Head.Author} ({branch.Head.Message}): {branch.Why}"
                );
            }
        });
        return ExitCode.Done;
    }

    private static async Task<int> RollBackAsync(Call call, string reference, string? message)
    {
        var request = new RollbackRequest(reference, CommitCommands.Author, message);
        return CommitCommands.Show(
            call,
            await call.Unit.PostAsync(
                "/v1/config/rollback",
                request,
                ApiJson.Default.RollbackRequest,
                ApiJson.Default.CommitResult,
                call.Cancel
            )
        );
    }

    private static async Task<int> ReportAsync(Call call, Task<SyncReport> asked)
    {
        call.Screen.Show(await asked, CliJson.Api.SyncReport, report =>
        {
            call.Screen.Line(
                $"{report.Cluster}: {(report.InSync ? "in sync" : "NOT in sync")}, revision {report.Revision} ({Words.Short(report.Hash)})"
            );
            foreach (var unit in report.Units)
            {
                var since = unit.Since is { } time ? $" since {Words.Time(time)}" : "";
                call.Screen.Line(
                    $"  {unit.Unit}: {unit.State}{since}, revision {unit.Revision}{(unit.Why is null ? "" : $": {unit.Why}")}"
                );
                if (unit.Remedy is not null)
                {
                    call.Screen.Line($"    {unit.Remedy}");
                }

                foreach (var item in unit.Items.Where(item => item.State != FileSyncState.InSync))
                {
                    call.Screen.Line($"    {item.Path}: {item.State}{(item.Why is null ? "" : $": {item.Why}")}");
                }

                foreach (var branch in unit.Branches ?? [])
                {
                    call.Screen.Line(
                        $"    branch {branch.Name}: {branch.Why} (hitless config diff {branch.Name}; hitless config rollback {branch.Name})"
                    );
                }
            }
        });
        return ExitCode.Done;
    }

    private static async Task<int> BackUpAsync(Call call, string path, bool withoutSecrets)
    {
        // Beside its destination first: a backup that broke off must not look like one, nor spoil the last good one.
        var unfinished = path + ".new";
        try
        {
            await using (
                var file = new FileStream(
                    unfinished,
                    new FileStreamOptions
                    {
                        Mode = FileMode.Create,
                        Access = FileAccess.Write,
                        UnixCreateMode = DurableFile.OwnerOnly,
                    }
                )
            )
            {
                await call.Unit.DownloadAsync("/v1/config/backup" + (withoutSecrets ? "?secrets=false" : ""), file, call.Cancel);
                file.Flush(flushToDisk: true);
            }

            DurableFile.Move(unfinished, path);
        }
        finally
        {
            File.Delete(unfinished);
        }

        call.Screen.Show(new WrittenFiles([Path.GetFullPath(path)]), CliJson.Own.WrittenFiles, _ =>
            call.Screen.Line($"backup written to {path} ({Words.Bytes(new FileInfo(path).Length)})")
        );
        return ExitCode.Done;
    }

    private static async Task<int> RestoreAsync(Call call, string path)
    {
        await using var file = File.OpenRead(path);
        return CommitCommands.Show(
            call,
            await call.Unit.UploadAsync(
                $"/v1/config/restore?author={Uri.EscapeDataString(CommitCommands.Author)}",
                file,
                ApiJson.Default.CommitResult,
                call.Cancel
            )
        );
    }

    private static string RevisionLine(RevisionInfo info) =>
        info.Number == 0
            ? "nothing was committed yet; these are the managed files as they lie on this unit"
            : $"revision {info.Number} ({Words.Short(info.Hash)}), {Words.Time(info.Time)} by {info.Author}: {info.Message}";
}
