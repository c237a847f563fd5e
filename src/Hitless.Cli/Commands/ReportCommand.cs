using System.CommandLine;
using Hitless.Cli.Display;
using Hitless.Core.Api;

namespace Hitless.Cli.Commands;

/// <summary><c>upgrade report</c>.</summary>
internal static class ReportCommand
{
    public static Command Make(Shell shell, Argument<string?> run) =>
        shell.Command("report", "What a run did: steps, elections, sessions, longest gap, verdict", call => ShowAsync(call, call.Value(run)), run);

    private static async Task<int> ShowAsync(Call call, string? run)
    {
        var report = await call.Unit.GetAsync(FollowedRun.Path("/v1/upgrade/report", run), ApiJson.Default.RunReport, call.Cancel);
        call.Screen.Show(report, CliJson.Api.RunReport, answer => UpgradeViews.Show(call.Screen, answer));
        return ExitCode.Done;
    }
}
