using Hitless.Core.Api;
using Hitless.Core.Configuration;

namespace Hitless.Core.Upgrade;

/// <summary>
/// What stands before the next step of a run: the gate of a guided one, and the gates that somebody outside opens.
/// <code>
///   open ──a gate is shut──▶ shut ──noted──▶ waiting ──word, or no alert any more──▶ open
///                                               │ said no, or too late
///                                               ▼
///                                            the run goes back
/// </code>
/// </summary>
internal sealed class GateDoor
{
    private (string Gate, RunStep Step, TimeSpan Since)? held;
    private GateWord? word;

    /// <summary>An operator has opened the gate of a guided run.</summary>
    public bool OpenedByOperator { get; set; }

    /// <summary>Forgets what it has waited for: another step, another driver, or a pause.</summary>
    public void Forget() => (held, word) = (null, null);

    /// <summary>Somebody's word; one that comes before the gate is reached, or after it, is none.</summary>
    public void Take(GateWord said) => word = held?.Gate == said.Gate ? said : word;

    /// <summary>Whether the step may begin.</summary>
    /// <param name="header">The run.</param>
    /// <param name="journal">Its journal.</param>
    /// <param name="next">The step.</param>
    /// <param name="sights">What the pages of alerts show.</param>
    /// <param name="now">Monotonic.</param>
    public GateAnswer Look(
        RunHeader header,
        IReadOnlyList<JournalEntry> journal,
        RunStep next,
        IReadOnlyList<GateSight> sights,
        TimeSpan now
    )
    {
        var shut = RunGates.Before(next, header).FirstOrDefault(IsShut);
        if (shut is null)
        {
            Forget();
            return new GateAnswer.Open();
        }

        var sight = sights.FirstOrDefault(each => each.Gate == shut.Name);
        if (held?.Gate != shut.Name || held?.Step != next)
        {
            (held, word) = ((shut.Name, next, now), null);
        }

        if (word is { } said)
        {
            word = null;
            return said.Pass
                ? new GateAnswer.Opened(shut.Name, said.Reason ?? "its word was given")
                : new GateAnswer.Refused(shut.Name, $"gate {shut.Name} said no{(said.Reason is null ? "" : $": {said.Reason}")}");
        }

        var why = sight?.Why ?? shut.Describe();
        return now - held.Value.Since >= TimeSpan.FromMilliseconds(shut.TimeoutMs)
                ? new GateAnswer.Refused(
                    shut.Name,
                    $"gate {shut.Name} did not open within {TimeSpan.FromMilliseconds(shut.TimeoutMs).TotalSeconds:F0} s: {why}"
                )
            : shut.Alerts is not null && sight is null ? new GateAnswer.Shut()
            : RunGates.IsNoted(journal, RunStep.GateWaits, shut.Name) ? new GateAnswer.Shut()
            : new GateAnswer.Waits(shut.Name, $"before {next}: {why}");

        bool IsShut(OutsideGate gate) =>
            !RunGates.IsNoted(journal, RunStep.GateOpened, gate.Name)
            && (gate.Alerts is null || sights.FirstOrDefault(each => each.Gate == gate.Name) is not { Open: true });
    }
}

/// <summary>What <see cref="GateDoor.Look"/> finds.</summary>
internal abstract record GateAnswer
{
    private GateAnswer() { }

    /// <summary>The step may begin.</summary>
    public sealed record Open : GateAnswer;

    /// <summary>It may not, and that is known.</summary>
    public sealed record Shut : GateAnswer;

    /// <summary>It may not, which nobody has been told yet.</summary>
    public sealed record Waits(string Gate, string Why) : GateAnswer;

    /// <summary>Somebody has opened the gate.</summary>
    public sealed record Opened(string Gate, string Why) : GateAnswer;

    /// <summary>The run goes back.</summary>
    public sealed record Refused(string Gate, string Why) : GateAnswer;
}
