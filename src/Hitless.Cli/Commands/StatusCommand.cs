using System.CommandLine;
using Hitless.Cli.Client;
using Hitless.Cli.Display;
using Hitless.Core.Api;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Hitless.Cli.Commands;

/// <summary><c>status [--watch]</c>.</summary>
internal static class StatusCommand
{
    private static readonly TimeSpan Refresh = TimeSpan.FromMilliseconds(500);

    public static Command Make(Shell shell)
    {
        var watch = new Option<bool>("--watch", "-w") { Description = "Stay, and show changes as they happen (Ctrl-C ends it)" };
        return shell.Command(
            "status",
            "Cluster health, units, roles and why",
            call => call.Value(watch) ? WatchAsync(call) : ShowAsync(call),
            watch
        );
    }

    private static async Task<int> ShowAsync(Call call)
    {
        var status = await call.Unit.GetAsync("/v1/status", ApiJson.Default.ClusterStatus, call.Cancel);
        call.Screen.Show(status, CliJson.Api.ClusterStatus, answer => call.Screen.Console.Write(StatusTable.Render(answer)));
        return ExitCode.Done;
    }

    private static async Task<int> WatchAsync(Call call)
    {
        if (call.Screen.Json || !call.Screen.IsTerminal)
        {
            throw new UsageException("--watch needs a terminal and cannot be had as JSON", "use status --json, or events --follow");
        }

        // Before the screen becomes live, so that a unit that is not there is an ordinary error.
        IRenderable shown = StatusTable.Render(await call.Unit.GetAsync("/v1/status", ApiJson.Default.ClusterStatus, call.Cancel));
        await call
            .Screen.Console.Live(shown)
            .AutoClear(false)
            .StartAsync(async live =>
            {
                while (!call.Cancel.IsCancellationRequested)
                {
                    await Task.Delay(Refresh, call.Cancel)
                        .ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
                    try
                    {
                        live.UpdateTarget(
                            StatusTable.Render(await call.Unit.GetAsync("/v1/status", ApiJson.Default.ClusterStatus, call.Cancel))
                        );
                    }
                    catch (UnreachableException gone)
                    {
                        live.UpdateTarget(new Markup($"[red]{Markup.Escape(gone.Message)}[/] (trying again)\n"));
                    }
                    catch (OperationCanceledException)
                    {
                        return;
                    }
                }
            });
        return ExitCode.Done;
    }
}
