using Hitless.Core.Api;
using Spectre.Console;

namespace Hitless.Cli.Display;

/// <summary>
/// A run as it goes: a bar and finished steps on a terminal, one line for each finished step elsewhere, nothing with <c>--json</c>.
/// </summary>
internal sealed class RunView(Screen screen)
{
    private int _printed;
    private RunState _state = RunState.Running;

    /// <summary>Shows states until one satisfies <paramref name="isLast"/>, and returns that one.</summary>
    public async Task<RunStatus> ShowAsync(IAsyncEnumerable<RunStatus> states, Func<RunStatus, bool> isLast)
    {
        if (screen.Json || !screen.IsTerminal)
        {
            return await ReadAsync(states, isLast, screen.Json ? _ => { } : status => PrintNews(status, screen.Line));
        }

        RunStatus? last = null;
        await screen
            .Console.Progress()
            .AutoClear(true)
            .HideCompleted(false)
            .Columns(
                new SpinnerColumn(),
                new TaskDescriptionColumn { Alignment = Justify.Left },
                new ProgressBarColumn(),
                new PercentageColumn(),
                new ElapsedTimeColumn()
            )
            .StartAsync(async progress =>
            {
                var bar = progress.AddTask("run", maxValue: 100);
                last = await ReadAsync(states, isLast, status =>
                {
                    PrintNews(status, line => screen.Console.WriteLine(line));
                    bar.Value = status.Percent;
                    bar.Description = Markup.Escape(
                        $"{Place(status.StepIndex, status.StepCount)} {status.Step}{(status.Unit is null ? "" : " " + status.Unit)}: "
                            + $"{status.Text}"
                    );
                });
            });
        return last!;
    }

    private static async Task<RunStatus> ReadAsync(IAsyncEnumerable<RunStatus> states, Func<RunStatus, bool> isLast, Action<RunStatus> show)
    {
        await foreach (var status in states)
        {
            show(status);
            if (isLast(status))
            {
                return status;
            }
        }

        throw new InvalidOperationException("a run is followed until its end");
    }

    // Each step once, when it has ended: a state may come twice, and several steps may have ended since the last one.
    private void PrintNews(RunStatus status, Action<string> line)
    {
        for (; _printed < status.Steps.Count && status.Steps[_printed] is var step && step.Result != StepResult.Running; _printed++)
        {
            var detail = string.IsNullOrEmpty(step.Detail) ? "" : $": {step.Detail}";
            line(
                $"{Place(_printed, status.StepCount)} {step.Name}{(step.Unit is null ? "" : " " + step.Unit)} {step.Result} in "
                    + $"{Words.Duration(step.DurationMs)}{detail}"
            );
        }

        if (_state != status.State && (status.State.IsWaiting || status.State == RunState.RollingBack))
        {
            line($"{status.State}: {status.Text}");
        }

        _state = status.State;
    }

    private static string Place(int index, int count) => $"[{index + 1}/{Math.Max(count, index + 1)}]";
}
