using System.CommandLine;
using System.Runtime.InteropServices;
using Hitless.Core.Api;
using Hitless.Lab.Demo;
using Hitless.Lab.Network;
using Hitless.Lab.Traffic;
using Hitless.Lab.Units;
using Spectre.Console;

namespace Hitless.Lab.Commands;

/// <summary><c>demo</c> and <c>switchover-series</c>.</summary>
public static class DemoCommands
{
    /// <summary><c>demo</c>: lab up, traffic, upgrade, report, lab down.</summary>
    public static Command Demo()
    {
        var up = new UpOptions();
        var from = new Option<string?>("--image-from")
        {
            Description = "the image that runs first; default: the first in images/ beside the binaries",
        };
        var to = new Option<string?>("--image-to") { Description = "the image to upgrade to; default: the second" };
        var expect = new Option<string>("--expect")
        {
            Description = $"{RunState.Completed} or {RunState.RolledBack}",
            DefaultValueFactory = _ => RunState.Completed.ToString(),
        };
        expect.AcceptOnlyFromAmong(RunState.Completed.ToString(), RunState.RolledBack.ToString());
        var tcp = new Option<int>("--tcp") { Description = "long TCP connections", DefaultValueFactory = _ => 500 };
        var rate = new Option<int>("--rate") { Description = "new TCP connections each second", DefaultValueFactory = _ => 100 };
        var json = new Option<string?>("--json") { Description = "write the report to this file" };
        var keep = new Option<bool>("--keep") { Description = "leave the lab standing" };
        var logs = new Option<string?>("--logs")
        {
            Description = "keep every log of the lab in this folder; default: one in /tmp when the demo fails",
        };
        var limit = new Option<int>("--limit") { Description = "seconds that the upgrade may take", DefaultValueFactory = _ => 300 };
        var command = new Command("demo", "A two-unit cluster upgrades its firmware under traffic; exit 0 only if nothing was lost.")
        {
            from,
            to,
            expect,
            tcp,
            rate,
            json,
            keep,
            logs,
            limit,
        };
        up.AddTo(command);
        command.SetAction(
            (parsed, _) =>
            {
                var plan = up.Plan(parsed, parsed.GetValue(from), staticRouter: false);
                var target = Path.GetFullPath(parsed.GetValue(to) ?? Images.Default(plan.Binaries, 1));
                var options = new DemoOptions(
                    target,
                    RunState.Of(parsed.GetValue(expect)),
                    parsed.GetValue(tcp),
                    parsed.GetValue(rate),
                    TimeSpan.FromSeconds(parsed.GetValue(limit))
                );
                return WithLabAsync(plan, parsed.GetValue(keep), parsed.GetValue(logs), async cancellation =>
                {
                    var report = await new DemoRun(plan, options, Say).RunAsync(cancellation);
                    DemoSummary.Print(report);
                    await WriteAsync(parsed.GetValue(json), report, cancellation);
                    return report.Passed;
                });
            }
        );
        return command;
    }

    /// <summary><c>switchover-series N</c> on the lab that is up.</summary>
    public static Command SwitchoverSeries()
    {
        var count = new Argument<int>("count");
        var tcp = new Option<int>("--tcp") { Description = "long TCP connections", DefaultValueFactory = _ => 500 };
        var rate = new Option<int>("--rate") { Description = "new TCP connections each second", DefaultValueFactory = _ => 100 };
        var pause = new Option<double>("--pause") { Description = "seconds between switches", DefaultValueFactory = _ => 2 };
        var json = new Option<string?>("--json") { Description = "write the report to this file" };
        var command = new Command("switchover-series", "Switch over many times under traffic.") { count, tcp, rate, pause, json };
        command.SetAction(
            async (parsed, cancellation) =>
            {
                var result = await new SwitchoverSeries(parsed.Plan(), Say).RunAsync(
                    parsed.GetValue(count),
                    parsed.GetValue(tcp),
                    parsed.GetValue(rate),
                    TimeSpan.FromSeconds(parsed.GetValue(pause)),
                    cancellation
                );
                TrafficTable.Print(result.Traffic);
                foreach (var problem in result.Problems)
                {
                    Screen.Out.WriteLine(problem);
                }

                await WriteAsync(parsed.GetValue(json), result, cancellation);
                return result.Problems.Count == 0 ? 0 : 1;
            }
        );
        return command;
    }

    private static async Task<int> WithLabAsync(LabPlan plan, bool keep, string? logs, Func<CancellationToken, Task<bool>> run)
    {
        using var interrupted = new CancellationTokenSource();
        void OnSignal(PosixSignalContext context)
        {
            context.Cancel = true;
            interrupted.Cancel();
        }

        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, OnSignal);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnSignal);
        var passed = false;
        try
        {
            passed = await run(interrupted.Token);
        }
        catch (OperationCanceledException) when (interrupted.IsCancellationRequested)
        {
            Say("interrupted");
        }
        finally
        {
            KeepLogs(
                plan,
                logs
                    ?? (
                        passed || interrupted.IsCancellationRequested
                            ? null
                            : $"/tmp/hitless-lab-{plan.Name}-{DateTimeOffset.UtcNow:yyyyMMdd-HHmmss}"
                    )
            );
            if (!keep)
            {
                LabSite.Down(Path.GetDirectoryName(plan.Folder)!, plan.Name);
            }
        }

        return passed ? 0 : 1;
    }

    private static void KeepLogs(LabPlan plan, string? folder)
    {
        if (folder is not null && Directory.Exists(plan.Folder))
        {
            LabSite.KeepLogs(plan, folder);
            Say($"logs: {folder}");
        }
    }

    private static async Task WriteAsync<T>(string? file, T report, CancellationToken cancellation)
    {
        if (file is not null)
        {
            await File.WriteAllTextAsync(file, LabJson.WriteIndented(report), cancellation);
        }
    }

    private static void Say(string text) => Console.WriteLine($"{DateTimeOffset.UtcNow:HH:mm:ss} {text}");
}
