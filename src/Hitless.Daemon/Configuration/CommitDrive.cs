using System.Runtime.ExceptionServices;
using System.Threading.Channels;
using Hitless.Core.Api;
using Hitless.Core.Configuration;

namespace Hitless.Daemon.Configuration;

/// <summary>
/// One commit under way: hands the asks of a <see cref="CommitMachine"/> to the units and their answers back. Decides nothing.
/// </summary>
internal sealed class CommitDrive(LocalConfiguration local, IConfigurationPeers peers, TimeProvider clock, TimeSpan phaseTimeMax)
{
    /// <summary>Drives it to its end; nothing cancels it, for nobody may be left half way.</summary>
    public async Task<CommitOutcome> RunAsync(Revision revision)
    {
        var machine = new CommitMachine(local.Unit, [.. peers.Names], phaseTimeMax);
        var answers = Channel.CreateUnbounded<CommitInput.Answered>();
        var all = new List<UnitAnswer>();
        var asks = new List<CommitAsk>();
        var start = clock.GetTimestamp();
        for (CommitInput input = new CommitInput.Start(); !machine.Ended || asks.Count > 0; )
        {
            machine.Step(input, clock.GetElapsedTime(start), asks);
            foreach (var ask in asks)
            {
                _ = AskAsync(ask, revision, answers.Writer);
            }

            asks.Clear();
            if (machine.NextDeadline is { } deadline)
            {
                input = await NextAsync(answers.Reader, deadline - clock.GetElapsedTime(start));
                all.AddRange(input is CommitInput.Answered answered ? [answered.Answer] : []);
            }
        }

        return Result(machine, revision, all);
    }

    private static CommitOutcome Result(CommitMachine machine, Revision revision, List<UnitAnswer> answers)
    {
        answers =
        [
            .. answers
                .Concat(machine.Failures)
                .GroupBy(a => a.Unit, StringComparer.Ordinal)
                .OrderBy(unit => unit.Key, StringComparer.Ordinal)
                .Select(Together),
        ];
        var said = string.Join("; ", machine.Failures.Select(f => $"{f.Unit}: {f.Why}"));
        return machine.State switch
        {
            CommitState.Committed => new CommitOutcome(
                revision.Info,
                null,
                answers,
                [.. machine.Failures.Select(f => $"{f.Unit} will follow later: {f.Why}")]
            ),
            CommitState.Refused => new CommitOutcome(
                null,
                new Refusal(
                    $"the commit was refused, nothing was changed: {said}",
                    "mend what the message names and commit again",
                    OutputOf(answers)
                ),
                answers,
                []
            ),
            _ => new CommitOutcome(
                null,
                new Refusal(
                    $"the commit was taken back on every unit: {said}",
                    "mend what the message names and commit again; hitless config report shows how the units stand",
                    OutputOf(answers)
                ),
                answers,
                []
            ),
        };
    }

    /// <summary>What the commands of those units that said no have printed.</summary>
    private static string? OutputOf(IEnumerable<UnitAnswer> answers) =>
        string.Join("\n", answers.Where(a => !a.Ok && a.Output is not null).Select(a => $"{a.Unit}: {a.Output}")) is { Length: > 0 } output
            ? output
            : null;

    /// <summary>What one unit said in all phases, as one answer.</summary>
    private static UnitAnswer Together(IGrouping<string, UnitAnswer> unit)
    {
        var output = string.Join("\n", unit.Where(a => a.Output is not null).Select(a => a.Output).Distinct());
        return new UnitAnswer(unit.Key, unit.All(a => a.Ok), unit.FirstOrDefault(a => !a.Ok)?.Why, output.Length == 0 ? null : output);
    }

    private async Task AskAsync(CommitAsk ask, Revision revision, ChannelWriter<CommitInput.Answered> answers)
    {
        UnitAnswer answer;
        try
        {
            answer =
                ask.Unit == local.Unit
                    ? await local.AnswerAsync(ask.Phase, revision, CancellationToken.None)
                    : await peers.AskAsync(ask.Unit, ask.Phase, revision, CancellationToken.None);
        }
        catch (Exception e) when (ConfigurationService.IsUnreachable(e, CancellationToken.None))
        {
            answer = new UnitAnswer(ask.Unit, false, $"not reachable: {e.Message}", null);
        }
        catch (Exception e)
        {
            // We are wrong: let the one who commits hear it, not only the deadline.
            answers.TryComplete(e);
            return;
        }

        answers.TryWrite(new CommitInput.Answered(ask.Phase, answer with { Unit = ask.Unit }));
    }

    private async Task<CommitInput> NextAsync(ChannelReader<CommitInput.Answered> answers, TimeSpan timeMax)
    {
        using var limit = new CancellationTokenSource(timeMax > TimeSpan.Zero ? timeMax : TimeSpan.Zero, clock);
        try
        {
            return await answers.ReadAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            return new CommitInput.Tick();
        }
        catch (ChannelClosedException e) when (e.InnerException is { } wrong)
        {
            ExceptionDispatchInfo.Throw(wrong);
            throw;
        }
    }
}
