using System.CommandLine;
using System.Text.Json;
using Hitless.Cli.Client;
using Hitless.Cli.Display;
using Hitless.Core.Api;

namespace Hitless.Cli.Commands;

/// <summary><c>events [--follow]</c> and <c>history</c>.</summary>
internal static class EventCommands
{
    public static Command MakeEvents(Shell shell)
    {
        var follow = new Option<bool>("--follow", "-f")
        {
            Description = "Stay, and print events as they happen; with --json one array, an event a line, closed at Ctrl-C",
        };
        var limit = Limit(50);
        return shell.Command("events", "What happened", call => EventsAsync(call, call.Value(limit), call.Value(follow)), follow, limit);
    }

    public static Command MakeHistory(Shell shell)
    {
        var limit = Limit(100);
        return shell.Command("history", "Every change of role, with its reason", call => HistoryAsync(call, call.Value(limit)), limit);
    }

    private static Option<int> Limit(int ordinary) =>
        new("--limit")
        {
            Description = "At most so many",
            HelpName = "N",
            DefaultValueFactory = _ => ordinary,
        };

    private static async Task<int> HistoryAsync(Call call, int limit)
    {
        var events = await call.Unit.GetAsync(
            $"/v1/history?kind={EventKinds.Role}&limit={limit}",
            ApiJson.Default.IReadOnlyListClusterEvent,
            call.Cancel
        );
        call.Screen.Show(events, CliJson.Api.IReadOnlyListClusterEvent, answer => Print(call.Screen, answer));
        return ExitCode.Done;
    }

    private static async Task<int> EventsAsync(Call call, int limit, bool follow)
    {
        var past = await call.Unit.GetAsync($"/v1/history?limit={limit}", ApiJson.Default.IReadOnlyListClusterEvent, call.Cancel);
        if (!follow)
        {
            call.Screen.Show(past, CliJson.Api.IReadOnlyListClusterEvent, answer => Print(call.Screen, answer));
            return ExitCode.Done;
        }

        var screen = call.Screen;
        var first = true;
        try
        {
            await foreach (var happened in FollowAsync(call, past))
            {
                screen.Line(
                    screen.Json ? (first ? "[" : ",") + JsonSerializer.Serialize(happened, ApiJson.Default.ClusterEvent) : Line(happened)
                );
                screen.Output.Flush();
                first = false;
            }
        }
        catch (OperationCanceledException)
        {
            // Ctrl-C is how one leaves.
        }
        finally
        {
            if (screen.Json)
            {
                screen.Line(first ? "[]" : "]");
            }
        }

        return ExitCode.Done;
    }

    // Goes on after a restart of the unit's daemon, with the event after the last one seen.
    private static async IAsyncEnumerable<ClusterEvent> FollowAsync(Call call, IReadOnlyList<ClusterEvent> past)
    {
        foreach (var happened in past)
        {
            yield return happened;
        }

        var last = past.Count > 0 ? past[^1].Number : 0;
        var stream = new PatientStream<ClusterEvent>(call.Unit, call.Patience, ApiJson.Default.ClusterEvent);
        await foreach (var happened in stream.ReadAsync(() => $"/v1/events?after={last}", call.Cancel))
        {
            last = happened.Number;
            yield return happened;
        }
    }

    private static void Print(Screen screen, IReadOnlyList<ClusterEvent> events)
    {
        foreach (var happened in events)
        {
            screen.Line(Line(happened));
        }
    }

    private static string Line(ClusterEvent happened) =>
        $"{Words.Time(happened.Time)}  {happened.Unit}  {happened.Kind}  "
        + $"{happened.Text}{(happened.Epoch is { } epoch ? $" (epoch {epoch})" : "")}";
}
