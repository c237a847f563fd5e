using System.CommandLine;
using Hitless.Cli.Display;
using Hitless.Cli.Setup;
using Hitless.Core.Api;

namespace Hitless.Cli.Commands;

/// <summary><c>unit hold [UNIT]</c> and <c>unit release [UNIT]</c>.</summary>
internal static class HoldCommands
{
    /// <summary>The argument of commands that are about one unit.</summary>
    public static Argument<string?> UnitArgument() =>
        new("UNIT") { Description = "The unit (default: the one that is asked)", Arity = ArgumentArity.ZeroOrOne };

    public static Command MakeHold(Shell shell)
    {
        var unit = UnitArgument();
        var time = new Option<string?>("--for")
        {
            Description = "How long, such as 30m or 2h; it does not run while the unit is off (default: until it is released)",
            HelpName = "TIME",
        };
        var reason = new Option<string?>("--reason") { Description = "Why, for whoever reads the status", HelpName = "TEXT" };
        var force = new Option<bool>("--force")
        {
            Description = "Also where nobody can take over: a primary carries the traffic until somebody can",
        };
        var yes = new Option<bool>("--yes") { Description = "Do not ask whether it may cost what it costs" };
        return shell.Command(
            "hold",
            "Take a unit out of the election for maintenance: a primary hands over first, and it takes over from nobody until it is "
                + "released; restarts and reboots do not end it",
            call =>
                HoldAsync(
                    call,
                    new HoldRequest(
                        call.Value(unit),
                        Milliseconds(call.Value(time)),
                        call.Value(reason) ?? "",
                        call.Value(force),
                        PlanOnly: true
                    ),
                    call.Value(yes)
                ),
            unit,
            time,
            reason,
            force,
            yes
        );
    }

    public static Command MakeRelease(Shell shell)
    {
        var unit = UnitArgument();
        return shell.Command("release", "End the hold of a unit", call => ReleaseAsync(call, call.Value(unit)), unit);
    }

    private static async Task<int> HoldAsync(Call call, HoldRequest request, bool yes)
    {
        var plan = await AskAsync(call, request);
        foreach (var warning in plan.Warnings)
        {
            call.Screen.Error.WriteLine($"hitless: {warning}");
        }

        if (plan.Warnings.Count > 0 && !yes && !new Questions(call.Screen).Confirm($"hold {plan.Unit} all the same?"))
        {
            throw new RefusedException($"{plan.Unit} is not held", "hitless unit hold --yes does not ask");
        }

        var result = await AskAsync(call, request with { PlanOnly = false });
        call.Screen.Show(result, CliJson.Api.HoldResult, answer =>
        {
            if (answer.Successor is { } next)
            {
                call.Screen.Line($"{next} is primary");
            }

            call.Screen.Line($"{answer.Unit} is held {HoldWords.Of(answer.Hold!)}; hitless unit release {answer.Unit} ends it");
        });
        return ExitCode.Done;
    }

    private static Task<HoldResult> AskAsync(Call call, HoldRequest request) =>
        call.Unit.PostAsync("/v1/unit/hold", request, ApiJson.Default.HoldRequest, ApiJson.Default.HoldResult, call.Cancel);

    private static async Task<int> ReleaseAsync(Call call, string? unit)
    {
        var result = await call.Unit.PostAsync(
            "/v1/unit/release",
            new ReleaseRequest(unit),
            ApiJson.Default.ReleaseRequest,
            ApiJson.Default.ReleaseResult,
            call.Cancel
        );
        call.Screen.Show(result, CliJson.Api.ReleaseResult, answer =>
            call.Screen.Line(answer.WasHeld ? $"{answer.Unit} is no longer held" : $"{answer.Unit} was not held")
        );
        return ExitCode.Done;
    }

    private static long? Milliseconds(string? time) =>
        time is null ? null
        : Words.TryDuration(time, out var duration) ? (long)duration.TotalMilliseconds
        : throw new UsageException($"\"{time}\" is not a valid duration", "such as 30m, 2h or 1d12h");
}
