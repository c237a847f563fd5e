using Hitless.Cli.Client;
using Hitless.Cli.Display;
using Hitless.Core.Api;

namespace Hitless.Cli.Commands;

/// <summary>Stays with a run to its end (or the next gate), shows its report, and turns its verdict into an exit code.</summary>
internal static class FollowedRun
{
    /// <param name="call">The command that follows.</param>
    /// <param name="run">Null: the open run, else the last.</param>
    /// <param name="stopAtGate">End with exit code 0 where the run waits for somebody.</param>
    /// <param name="rollbackIsSuccess">The operator asked for the rollback.</param>
    public static async Task<int> FollowAsync(Call call, string? run, bool stopAtGate, bool rollbackIsSuccess = false)
    {
        var stream = new PatientStream<RunStatus>(call.Unit, call.Patience, ApiJson.Default.RunStatus);
        var states = stream.ReadAsync(() => Path("/v1/upgrade/watch", run), call.Cancel);
        var last = await new RunView(call.Screen).ShowAsync(states, status =>
            status.State.HasEnded || (stopAtGate && status.State.IsWaiting)
        );
        if (!last.State.HasEnded)
        {
            call.Screen.Show(last, CliJson.Api.RunStatus, status =>
            {
                if (status.Gate is { } gate)
                {
                    UpgradeViews.Show(call.Screen, gate);
                }
                else
                {
                    call.Screen.Line(
                        status.State == RunState.Paused ? "go on with: hitless upgrade resume" : "open the gate with: hitless upgrade next"
                    );
                }
            });
            return ExitCode.Done;
        }

        var report = await call.Unit.GetAsync(Path("/v1/upgrade/report", last.Run), ApiJson.Default.RunReport, call.Cancel);
        call.Screen.Show(report, CliJson.Api.RunReport, ended => UpgradeViews.Show(call.Screen, ended));
        return Judge(call.Screen, last, report, rollbackIsSuccess);
    }

    public static string Path(string path, string? run) => run is null ? path : $"{path}?run={Uri.EscapeDataString(run)}";

    private static int Judge(Screen screen, RunStatus last, RunReport report, bool rollbackIsSuccess)
    {
        if (last.State == RunState.Completed || (last.State == RunState.RolledBack && rollbackIsSuccess))
        {
            return ExitCode.Done;
        }

        if (last.State == RunState.RolledBack)
        {
            var who = report.Units.All(unit => unit.WasHeard) ? "every unit" : "every unit that is there";
            screen.Complain(
                new(
                    $"the run was rolled back: {report.Reason ?? last.Text}",
                    $"{who} runs {last.From} as before; hitless upgrade report {last.Run} has the details"
                )
            );
            return ExitCode.RolledBack;
        }

        screen.Complain(new($"the run failed: {report.Reason ?? last.Text}", $"see hitless status, and hitless upgrade report {last.Run}"));
        return ExitCode.Refused;
    }
}
