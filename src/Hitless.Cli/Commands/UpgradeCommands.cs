using System.CommandLine;
using Hitless.Cli.Client;
using Hitless.Cli.Display;
using Hitless.Core.Api;

namespace Hitless.Cli.Commands;

/// <summary><c>upgrade check, plan, start, status, watch, next, pause, resume, abort, rollback, report</c>.</summary>
internal static class UpgradeCommands
{
    public static Command Make(Shell shell)
    {
        var image = new Argument<string>("IMAGE") { Description = "An image file (uploaded first), or the hash of an uploaded one or its beginning" };
        var guided = new Option<bool>("--guided") { Description = "Wait for the operator at each gate (hitless upgrade next)" };
        var keep = new Option<bool>("--keep-primary") { Description = "Let the unit that is primary now be primary in the end" };
        var detach = new Option<bool>("--detach") { Description = "Return at once; hitless upgrade watch follows the run" };
        var run = new Argument<string?>("RUN") { Description = "Default: the last run", Arity = ArgumentArity.ZeroOrOne };
        return new Command("upgrade", "Upgrade the firmware of every unit, without losing a session")
        {
            shell.Command("check", "Whether the cluster is ready for this image", call => CheckAsync(call, call.Value(image)!, call.Value(guided), call.Value(keep)), image, guided, keep),
            shell.Command("plan", "Each step of the run, and who is primary after it", call => PlanAsync(call, call.Value(image)!, call.Value(guided), call.Value(keep)), image, guided, keep),
            shell.Command("start", "Start a run and follow it to its end", call => StartAsync(call, call.Value(image)!, call.Value(guided), call.Value(keep), call.Value(detach)), image, guided, keep, detach),
            shell.Command("status", "The open run, else the last one", StatusAsync),
            shell.Command("watch", "Follow the open run to its end", call => FollowedRun.FollowAsync(call, null, stopAtGate: false)),
            shell.Command("next", "Open the gate that the run waits at, and follow it to the next", call => ActAsync(call, "next", call.Value(detach) ? null : Follow.ToGate), detach),
            shell.Command("pause", "Let the step in hand end, then wait", call => ActAsync(call, "pause", null)),
            shell.Command("resume", "Go on after a pause", call => ActAsync(call, "resume", null)),
            shell.Command("abort", "End the run; what is upgraded stays, nothing further is touched", call => ActAsync(call, "abort", null)),
            shell.Command("rollback", "Take the run back: the standby first, switch, then the other unit", call => ActAsync(call, "rollback", call.Value(detach) ? null : Follow.Rollback), detach),
            shell.Command("report", "What a run did: steps, elections, sessions, longest gap, verdict", call => ReportAsync(call, call.Value(run)), run),
        };
    }

    private enum Follow
    {
        ToGate,
        Rollback,
    }

    private static async Task<int> CheckAsync(Call call, string image, bool guided, bool keep)
    {
        var request = new UpgradeRequest(await UploadedAsync(call, image), guided, keep);
        var check = await call.Unit.PostAsync("/v1/upgrade/check", request, ApiJson.Default.UpgradeRequest, ApiJson.Default.UpgradeCheck, call.Cancel);
        call.Screen.Show(check, CliJson.Api.UpgradeCheck, answer => UpgradeViews.Show(call.Screen, answer));
        if (check.Ready)
        {
            return ExitCode.Done;
        }

        var failed = check.Checks.FirstOrDefault(result => result.Result == "fail");
        call.Screen.Complain(new($"the cluster is not ready: {failed?.Text ?? "a check did not pass"}", failed?.Remedy ?? "see the checks above"));
        return ExitCode.Refused;
    }

    private static async Task<int> PlanAsync(Call call, string image, bool guided, bool keep)
    {
        var request = new UpgradeRequest(await UploadedAsync(call, image), guided, keep);
        var plan = await call.Unit.PostAsync("/v1/upgrade/plan", request, ApiJson.Default.UpgradeRequest, ApiJson.Default.UpgradePlan, call.Cancel);
        call.Screen.Show(plan, CliJson.Api.UpgradePlan, answer => UpgradeViews.Show(call.Screen, answer));
        return ExitCode.Done;
    }

    private static async Task<int> StartAsync(Call call, string image, bool guided, bool keep, bool detach)
    {
        var request = new UpgradeRequest(await UploadedAsync(call, image), guided, keep);
        var started = await call.Unit.PostAsync("/v1/upgrade/start", request, ApiJson.Default.UpgradeRequest, ApiJson.Default.RunStatus, call.Cancel);
        if (detach)
        {
            call.Screen.Show(started, CliJson.Api.RunStatus, answer => UpgradeViews.Show(call.Screen, answer));
            return ExitCode.Done;
        }

        if (!call.Screen.Json)
        {
            call.Screen.Line($"run {started.Run}: {started.From} → {started.To}, {started.Mode}; it goes on without this command (hitless upgrade watch)");
        }

        return await FollowedRun.FollowAsync(call, started.Run, stopAtGate: guided);
    }

    private static async Task<int> StatusAsync(Call call)
    {
        var status = await call.Unit.GetAsync("/v1/upgrade/status", ApiJson.Default.RunStatus, call.Cancel);
        call.Screen.Show(status, CliJson.Api.RunStatus, answer => UpgradeViews.Show(call.Screen, answer));
        return ExitCode.Done;
    }

    private static async Task<int> ActAsync(Call call, string action, Follow? follow)
    {
        var status = await call.Unit.PostAsync($"/v1/upgrade/{action}", ApiJson.Default.RunStatus, call.Cancel);
        if (follow is { } how)
        {
            return await FollowedRun.FollowAsync(call, status.Run, stopAtGate: how == Follow.ToGate, rollbackIsSuccess: how == Follow.Rollback);
        }

        call.Screen.Show(status, CliJson.Api.RunStatus, answer => UpgradeViews.Show(call.Screen, answer));
        return ExitCode.Done;
    }

    private static async Task<int> ReportAsync(Call call, string? run)
    {
        var report = await call.Unit.GetAsync(FollowedRun.Path("/v1/upgrade/report", run), ApiJson.Default.RunReport, call.Cancel);
        call.Screen.Show(report, CliJson.Api.RunReport, answer => UpgradeViews.Show(call.Screen, answer));
        return ExitCode.Done;
    }

    // A path is what looks like one or is there; everything else is for the unit to find.
    private static async Task<string> UploadedAsync(Call call, string image)
    {
        if (File.Exists(image))
        {
            return (await Upload.SendAsync(call, image)).Hash;
        }

        return image.Contains('/') || image.EndsWith(".hli", StringComparison.Ordinal)
            ? throw new RefusedException($"there is no file {image}", "name an image file, or the hash of an uploaded one (hitless firmware list)")
            : image;
    }
}
