using System.CommandLine;
using Hitless.Cli.Display;
using Hitless.Core.Api;

namespace Hitless.Cli.Commands;

/// <summary><c>switchover [--to UNIT] [--wait] [--force]</c> and <c>age reset</c>.</summary>
internal static class SwitchoverCommand
{
    private static readonly TimeSpan SettleTime = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan Between = TimeSpan.FromMilliseconds(200);

    public static Command Make(Shell shell)
    {
        var to = new Option<string?>("--to")
        {
            Description = "The unit that becomes primary (default: the best standby)",
            HelpName = "UNIT",
        };
        var wait = new Option<bool>("--wait")
        {
            Description =
                "Also wait until the traffic is known to go on and every unit that is present is ready again; fails if the former "
                + "primary had to take it back",
        };
        var force = new Option<bool>("--force")
        {
            Description = "Also to a unit that is worse off, or would not forward as the primary does, and while an upgrade acts",
        };
        return shell.Command(
            "switchover",
            "Make another unit primary, without losing a session",
            call =>
                RunAsync(
                    call,
                    new SwitchoverRequest(call.Value(to), Wait: true) { AwaitTraffic = call.Value(wait), Force = call.Value(force) },
                    call.Value(wait)
                ),
            to,
            wait,
            force
        );
    }

    /// <summary><c>age reset</c>.</summary>
    public static Command MakeAge(Shell shell) =>
        new("age", "The unit's time in the cluster")
        {
            shell.Command("reset", "Let the unit's age begin again; if it is primary, the rules choose anew", async call =>
            {
                var result = await call.Unit.PostAsync("/v1/age/reset", ApiJson.Default.AgeResetResult, call.Cancel);
                call.Screen.Show(result, CliJson.Api.AgeResetResult, answer => call.Screen.Line(answer.Text));
                return ExitCode.Done;
            }),
        };

    private static async Task<int> RunAsync(Call call, SwitchoverRequest request, bool wait)
    {
        var result = await call.Unit.PostAsync(
            "/v1/switchover",
            request,
            ApiJson.Default.SwitchoverRequest,
            ApiJson.Default.SwitchoverResult,
            call.Cancel
        );
        if (wait)
        {
            await UntilReadyAsync(call);
        }

        call.Screen.Show(result, CliJson.Api.SwitchoverResult, answer =>
        {
            call.Screen.Line(
                $"{answer.Primary} is primary (was {answer.FormerPrimary}), epoch {answer.Epoch}, switched in "
                    + $"{Words.Duration(answer.DurationMs)}{(answer.Traffic is { } traffic ? $"; {traffic.Text}" : "")}"
            );
            foreach (var warning in answer.Warnings)
            {
                call.Screen.Line($"warning: {warning}");
            }
        });
        return ExitCode.Done;
    }

    private static async Task UntilReadyAsync(Call call)
    {
        var begin = TimeProvider.System.GetTimestamp();
        while (true)
        {
            var status = await call.Unit.GetAsync("/v1/status", ApiJson.Default.ClusterStatus, call.Cancel);
            if (status.Units.FirstOrDefault(unit => !unit.State.IsUp && unit.State != UnitStateWord.Absent) is not { } late)
            {
                return;
            }

            if (TimeProvider.System.GetElapsedTime(begin) > SettleTime)
            {
                throw new RefusedException(
                    $"the switch is done, but {late.Name} is still {late.State}: {string.Join("; ", status.Problems ?? [])}",
                    "fix the reported problems: hitless status tells when they are gone"
                );
            }

            await Task.Delay(Between, call.Cancel);
        }
    }
}
