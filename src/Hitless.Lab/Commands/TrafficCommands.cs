using System.CommandLine;
using System.Runtime.InteropServices;
using Hitless.Lab.Machine;
using Hitless.Lab.Tools;
using Hitless.Lab.Traffic;

namespace Hitless.Lab.Commands;

/// <summary>
/// <c>traffic</c>, and the hidden programs: those that it runs inside client and server, and the one that watches the machine.
/// </summary>
public static class TrafficCommands
{
    /// <summary><c>traffic</c>: until --seconds are over, or SIGINT or SIGTERM.</summary>
    public static Command Traffic()
    {
        var seconds = new Option<double>("--seconds") { Description = "how long; 0: until interrupted" };
        var tcp = new Option<int>("--tcp") { Description = "long TCP connections", DefaultValueFactory = _ => 500 };
        var rate = new Option<int>("--rate") { Description = "new TCP connections each second", DefaultValueFactory = _ => 100 };
        var json = new Option<bool>("--json") { Description = "print one JSON document" };
        var command = new Command("traffic", "Send traffic through the units and count what is lost.") { seconds, tcp, rate, json };
        command.SetAction(
            async (parsed, cancellation) =>
            {
                using var run = await TrafficRun.StartAsync(parsed.Plan(), parsed.GetValue(tcp), parsed.GetValue(rate));
                var limit = parsed.GetValue(seconds) is > 0 and var given ? TimeSpan.FromSeconds(given) : Timeout.InfiniteTimeSpan;
                await InterruptedOrAfterAsync(limit);
                var report = await run.FinishAsync();
                if (parsed.GetValue(json))
                {
                    Console.WriteLine(LabJson.WriteIndented(report));
                }
                else
                {
                    TrafficTable.Print(report);
                }

                return report.Clean ? 0 : 1;
            }
        );
        return command;
    }

    /// <summary>The hidden programs.</summary>
    public static IEnumerable<Command> Workers()
    {
        var tcp = new Option<int>("--tcp");
        var rate = new Option<int>("--rate");
        var ipv4 = new Option<bool>("--ipv4");
        yield return Worker("traffic-server", _ => TrafficWorker.ServerAsync());
        yield return Worker("traffic-echo", _ => TrafficWorker.ProbeEchoAsync());
        yield return Worker(
            "traffic-client",
            parsed => TrafficWorker.ClientAsync(parsed.GetValue(tcp), parsed.GetValue(rate), parsed.GetValue(ipv4)),
            tcp,
            rate,
            ipv4
        );
        yield return Worker("traffic-probe", parsed => TrafficWorker.ProbeAsync(parsed.GetValue(rate)), rate);
        yield return Worker(MachineWatch.Program, _ => Task.FromResult(StandstillWorker.Run()));
    }

    private static Command Worker(string name, Func<ParseResult, Task<int>> run, params IEnumerable<Option> options)
    {
        var command = new Command(name) { Hidden = true };
        foreach (var option in options)
        {
            command.Options.Add(option);
        }

        command.SetAction((parsed, _) => run(parsed));
        return command;
    }

    private static async Task InterruptedOrAfterAsync(TimeSpan limit)
    {
        var interrupted = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        void OnSignal(PosixSignalContext context)
        {
            context.Cancel = true;
            interrupted.TrySetResult();
        }

        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, OnSignal);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnSignal);
        await Task.WhenAny(interrupted.Task, Task.Delay(limit));
    }
}
