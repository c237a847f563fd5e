using System.CommandLine;
using Hitless.Cli.Display;
using Hitless.Core.Api;

namespace Hitless.Cli.Commands;

/// <summary><c>sessions list, count, diff, resync</c>.</summary>
internal static class SessionCommands
{
    public static Command Make(Shell shell)
    {
        var filter = new Option<string?>("--filter")
        {
            Description = "Only sessions that match, as in sessions.critical: \"tcp dport 5432\"",
            HelpName = "EXPRESSION",
        };
        var limit = new Option<int>("--limit")
        {
            Description = "At most so many",
            HelpName = "N",
            DefaultValueFactory = _ => 100,
        };
        var with = new Option<string?>("--with")
        {
            Description = "The other unit (default: the primary, or on it the best standby)",
            HelpName = "UNIT",
        };
        return new Command("sessions", "The connections that the gateway knows")
        {
            shell.Command(
                "list",
                "Sessions in this unit's kernel",
                call => ListAsync(call, call.Value(filter), call.Value(limit)),
                filter,
                limit
            ),
            shell.Command("count", "How many, by protocol", CountAsync),
            shell.Command(
                "diff",
                "What another unit's table lacks or has otherwise, and what a switch would do to it",
                call => DiffAsync(call, call.Value(with)),
                with
            ),
            shell.Command("resync", "Transfer all sessions anew", ResyncAsync),
        };
    }

    private static async Task<int> ListAsync(Call call, string? filter, int limit)
    {
        var path = $"/v1/sessions?limit={limit}" + (filter is null ? "" : $"&filter={Uri.EscapeDataString(filter)}");
        var list = await call.Unit.GetAsync(path, ApiJson.Default.SessionList, call.Cancel);
        call.Screen.Show(list, CliJson.Api.SessionList, answer =>
        {
            string[] owner = answer.Entries.Any(entry => entry.ForwardedBy is not null) ? ["FORWARDED BY"] : [];
            var table = Tables.Plain(["PROTOCOL", "ORIGINAL", "REPLY", "STATE", "TIMEOUT", "MARK", "ZONE", "CLASS", .. owner, ""]);
            foreach (var entry in answer.Entries)
            {
                table.AddTexts([
                    entry.Protocol,
                    entry.Original,
                    entry.Reply,
                    entry.State,
                    $"{entry.TimeoutSeconds} s",
                    entry.Mark == 0 ? "" : $"0x{entry.Mark:x}",
                    entry.Zone == 0 ? "" : $"{entry.Zone}",
                    entry.Cause?.Word ?? entry.Class.ToString(),
                    .. owner.Select(_ => entry.ForwardedBy ?? ""),
                    entry.Critical ? "critical" : "",
                ]);
            }

            call.Screen.Console.Write(table);
            call.Screen.Line($"{Words.Count(answer.Entries.Count)} of {Words.Count(answer.Total, "session")} on {answer.Unit}");
        });
        return ExitCode.Done;
    }

    private static async Task<int> CountAsync(Call call)
    {
        var count = await call.Unit.GetAsync("/v1/sessions/count", ApiJson.Default.SessionCount, call.Cancel);
        call.Screen.Show(count, CliJson.Api.SessionCount, answer =>
        {
            var table = Tables.Plain("PROTOCOL", "SESSIONS");
            foreach (var (protocol, number) in answer.ByProtocol.OrderByDescending(pair => pair.Value))
            {
                table.AddTexts(protocol, Words.Count(number));
            }

            call.Screen.Console.Write(table.AddTexts("all", Words.Count(answer.Total)));
        });
        return ExitCode.Done;
    }

    private static async Task<int> DiffAsync(Call call, string? with)
    {
        var path = "/v1/sessions/diff" + (with is null ? "" : $"?with={Uri.EscapeDataString(with)}");
        var difference = await call.Unit.GetAsync(path, ApiJson.Default.SessionDifference, call.Cancel);
        call.Screen.Show(difference, CliJson.Api.SessionDifference, answer => Render(call.Screen, answer));
        return ExitCode.Done;
    }

    private static void Render(Screen screen, SessionDifference difference)
    {
        if (difference.Entries.Count > 0)
        {
            var table = Tables.Plain("CAUSE", "AT A SWITCH", "PROTOCOL", "SESSION", "STATE", "DETAIL");
            foreach (var entry in difference.Entries)
            {
                table.AddTexts(
                    entry.Cause.ToString(),
                    entry.Fate.ToString(),
                    entry.Session.Protocol,
                    entry.Session.Original,
                    entry.Session.State,
                    entry.Session.Critical ? $"critical; {entry.Detail}" : entry.Detail
                );
            }

            screen.Console.Write(table);
        }

        if (difference.Classes is { } classes)
        {
            screen.Line(
                $"{difference.ClassesOf}: {Words.Count(classes.Follow, "session")} follow a switch, {Words.Count(classes.Bound)} "
                    + $"bound to {difference.ClassesOf}, "
                    + $"{Words.Count(classes.Excluded)} excluded, {Words.Count(classes.Local)} local"
            );
        }
        else
        {
            screen.Line($"{difference.ClassesOf ?? difference.Unit}: sessions that cannot follow a switch are not counted by its version");
        }

        foreach (var cause in difference.Causes)
        {
            screen.Line($"  {SessionWords.Of(cause)}");
        }

        screen.Line(
            $"{difference.Unit} against {difference.With}: {Words.Count(difference.Missing)} missing, "
                + $"{Words.Count(difference.Extra)} extra, "
                + $"{Words.Count(difference.Different)} different, {Words.Count(difference.Critical)} critical "
                + $"(of {Words.Count(difference.Compared, "session")}, {Words.Bytes(difference.BytesExchanged)} exchanged)"
        );
    }

    private static async Task<int> ResyncAsync(Call call)
    {
        var result = await call.Unit.PostAsync("/v1/sessions/resync", ApiJson.Default.ResyncResult, call.Cancel);
        call.Screen.Show(result, CliJson.Api.ResyncResult, answer =>
            call.Screen.Line(
                $"{Words.Count(answer.Sessions, "session")} transferred from {answer.From} to {answer.To} in "
                    + $"{Words.Duration(answer.DurationMs)}"
            )
        );
        return ExitCode.Done;
    }
}
