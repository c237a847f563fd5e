using System.CommandLine;
using Hitless.Cli.Display;
using Hitless.Core.Api;

namespace Hitless.Cli.Commands;

/// <summary>
/// <c>upgrade check, plan, start, rehearse, status, watch, next, approve, refuse, pause, resume, abort, rollback, report, path</c>.
/// </summary>
internal static class UpgradeCommands
{
    public static Command Make(Shell shell)
    {
        var wish = new UpgradeWish();
        var detach = new Option<bool>("--detach") { Description = "Return at once; hitless upgrade watch follows the run" };
        var rehearse = new Option<bool>("--rehearse")
        {
            Description = "Before anything is upgraded: first switch over and back, to try it",
        };
        var run = new Argument<string?>("RUN") { Description = "Default: the last run", Arity = ArgumentArity.ZeroOrOne };
        var back = new Argument<string?>("RUN")
        {
            Description = "An ended run, to be taken back while the old slots hold; default: the open run",
            Arity = ArgumentArity.ZeroOrOne,
        };
        return new Command("upgrade", "Upgrade the firmware of every unit, without losing a session")
        {
            shell.Command("check", "Whether the cluster is ready for this image", call => CheckAsync(call, wish), wish.Symbols),
            shell.Command("plan", "Each step of the run, and who is primary after it", call => PlanAsync(call, wish), wish.Symbols),
            shell.Command(
                "start",
                "Start a run and follow it to its end",
                call => StartAsync(call, wish, rehearseOnly: false, call.Value(detach)),
                [.. wish.Symbols, detach]
            ),
            shell.Command(
                "rehearse",
                "Switch over and back under the real traffic, everything but the installation",
                call => StartAsync(call, wish, rehearseOnly: true, call.Value(detach)),
                wish.Image.Named,
                detach
            ),
            shell.Command("status", "The open run, else the last one", StatusAsync),
            WatchCommand(shell),
            shell.Command(
                "next",
                "Open the gate that the run waits at, and follow it to the next",
                call => ActAsync(call, call.Value(rehearse) ? "next?rehearse=true" : "next", call.Value(detach) ? null : Follow.ToGate),
                rehearse,
                detach
            ),
            GateCommand(shell, "approve", pass: true, "Say for a gate of upgrade.gates that the run may go on"),
            GateCommand(shell, "refuse", pass: false, "Say for a gate of upgrade.gates that the run goes back"),
            shell.Command("pause", "Let the step in hand end, then wait", call => ActAsync(call, "pause", null)),
            shell.Command("resume", "Go on after a pause", call => ActAsync(call, "resume", null)),
            shell.Command("abort", "End the run; what is upgraded stays, nothing further is touched", call =>
                ActAsync(call, "abort", null)
            ),
            shell.Command(
                "rollback",
                "Take a run back: the standby first, switch, then the other unit",
                call => RollBackAsync(call, call.Value(back), call.Value(detach)),
                back,
                detach
            ),
            ReportCommand.Make(shell, run),
            PathCommand.Make(shell),
        };
    }

    private enum Follow
    {
        ToGate,
    }

    private static async Task<int> CheckAsync(Call call, UpgradeWish wish)
    {
        var check = await call.Unit.PostAsync(
            "/v1/upgrade/check",
            await wish.RequestAsync(call),
            ApiJson.Default.UpgradeRequest,
            ApiJson.Default.UpgradeCheck,
            call.Cancel
        );
        call.Screen.Show(check, CliJson.Api.UpgradeCheck, answer => UpgradeViews.Show(call.Screen, answer));
        if (check.Ready)
        {
            return ExitCode.Done;
        }

        var failed = check.Checks.FirstOrDefault(result => result.Result == CheckOutcome.Fail);
        call.Screen.Complain(
            new($"the cluster is not ready: {failed?.Text ?? "a check did not pass"}", failed?.Remedy ?? "see the checks above")
        );
        return ExitCode.Refused;
    }

    private static async Task<int> PlanAsync(Call call, UpgradeWish wish)
    {
        var plan = await call.Unit.PostAsync(
            "/v1/upgrade/plan",
            await wish.RequestAsync(call),
            ApiJson.Default.UpgradeRequest,
            ApiJson.Default.UpgradePlan,
            call.Cancel
        );
        call.Screen.Show(plan, CliJson.Api.UpgradePlan, answer => UpgradeViews.Show(call.Screen, answer));
        return ExitCode.Done;
    }

    private static async Task<int> StartAsync(Call call, UpgradeWish wish, bool rehearseOnly, bool detach)
    {
        var request = UpgradeWish.Confirmed(call, await wish.RequestAsync(call) with { RehearseOnly = rehearseOnly });
        await UpgradeWish.WaitUntilAsync(call, request.At);
        var started = await call.Unit.PostAsync(
            "/v1/upgrade/start",
            request,
            ApiJson.Default.UpgradeRequest,
            ApiJson.Default.RunStatus,
            call.Cancel
        );
        if (detach)
        {
            call.Screen.Show(started, CliJson.Api.RunStatus, answer => UpgradeViews.Show(call.Screen, answer));
            return ExitCode.Done;
        }

        if (!call.Screen.Json)
        {
            call.Screen.Line(
                $"run {started.Run}: {started.From} → {started.To}, {started.Mode}; it goes on without this command (hitless upgrade watch)"
            );
        }

        return await FollowedRun.FollowAsync(call, started.Run, stopAtGate: request.Guided);
    }

    private static async Task<int> RollBackAsync(Call call, string? run, bool detach)
    {
        var status = await call.Unit.PostAsync(FollowedRun.Path("/v1/upgrade/rollback", run), ApiJson.Default.RunStatus, call.Cancel);
        if (!detach)
        {
            return await FollowedRun.FollowAsync(call, status.Run, stopAtGate: false, rollbackIsSuccess: status.Mode != "rollback");
        }

        call.Screen.Show(status, CliJson.Api.RunStatus, answer => UpgradeViews.Show(call.Screen, answer));
        return ExitCode.Done;
    }

    private static async Task<int> StatusAsync(Call call)
    {
        var status = await call.Unit.GetAsync("/v1/upgrade/status", ApiJson.Default.RunStatus, call.Cancel);
        call.Screen.Show(status, CliJson.Api.RunStatus, answer => UpgradeViews.Show(call.Screen, answer));
        return ExitCode.Done;
    }

    private static Command WatchCommand(Shell shell)
    {
        var run = new Argument<string?>("RUN") { Description = "Default: the open run", Arity = ArgumentArity.ZeroOrOne };
        return shell.Command(
            "watch",
            "Follow a run to its end",
            call => FollowedRun.FollowAsync(call, call.Value(run), stopAtGate: false),
            run
        );
    }

    private static Command GateCommand(Shell shell, string name, bool pass, string about)
    {
        var gate = new Argument<string>("GATE") { Description = "The gate that the run waits for" };
        var reason = new Option<string?>("--reason") { Description = "In a line; it stands in the report" };
        return shell.Command(
            name,
            about,
            async call =>
            {
                var word = new GateWord(call.Value(gate)!, pass, call.Value(reason));
                var (said, now) = (ApiJson.Default.GateWord, ApiJson.Default.RunStatus);
                var status = await call.Unit.PostAsync("/v1/upgrade/gate", word, said, now, call.Cancel);
                call.Screen.Show(status, CliJson.Api.RunStatus, answer => UpgradeViews.Show(call.Screen, answer));
                return ExitCode.Done;
            },
            gate,
            reason
        );
    }

    private static async Task<int> ActAsync(Call call, string action, Follow? follow)
    {
        var status = await call.Unit.PostAsync($"/v1/upgrade/{action}", ApiJson.Default.RunStatus, call.Cancel);
        if (follow is { } how)
        {
            return await FollowedRun.FollowAsync(call, status.Run, stopAtGate: how == Follow.ToGate);
        }

        call.Screen.Show(status, CliJson.Api.RunStatus, answer => UpgradeViews.Show(call.Screen, answer));
        return ExitCode.Done;
    }
}
