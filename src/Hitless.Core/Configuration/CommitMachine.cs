using Hitless.Core.Api;

namespace Hitless.Core.Configuration;

/// <summary>
/// One commit over all units, in two phases:
/// <code>
/// Checking ─ all ok → ApplyingStandbys → ApplyingPrimary → Verifying → Deciding → Finishing → Committed
///    └ one failed → Refused          └──────── one failed ───────┴───────┴→ TakingBack → TakenBack
/// </code>
/// A unit that does not answer in time counts as failed. After the primary has decided nothing is taken back any more: a standby
/// that misses <see cref="CommitPhase.Finish"/> learns from the primary's head that it stands.
/// </summary>
public sealed class CommitMachine(string primary, IReadOnlyList<string> standbys, TimeSpan phaseTimeMax)
{
    private readonly HashSet<string> _awaited = new(StringComparer.Ordinal);
    private readonly HashSet<string> _touched = new(StringComparer.Ordinal);
    private readonly List<UnitAnswer> _failures = [];
    private CommitPhase _phase;

    /// <summary>Where it stands.</summary>
    public CommitState State { get; private set; }

    /// <summary>It will not change any more.</summary>
    public bool Ended => State is CommitState.Committed or CommitState.Refused or CommitState.TakenBack;

    /// <summary>When a <see cref="CommitInput.Tick"/> is due; null when nothing is awaited.</summary>
    public TimeSpan? NextDeadline { get; private set; }

    /// <summary>
    /// The answers that failed, in the order in which they came; after <see cref="CommitState.Committed"/> those of standbys that missed
    /// the end.
    /// </summary>
    public IReadOnlyList<UnitAnswer> Failures => _failures;

    /// <summary>
    /// Takes one input; what must be asked now is added to <paramref name="asks"/>. Answers that nobody waits for any more are ignored.
    /// </summary>
    public void Step(CommitInput input, TimeSpan now, ICollection<CommitAsk> asks)
    {
        switch (input)
        {
            case CommitInput.Start when State == CommitState.Idle:
                Enter(CommitState.Checking, now, asks);
                break;
            case CommitInput.Answered(var phase, var answer) when phase == _phase && _awaited.Remove(answer.Unit):
                Note(answer);
                Advance(now, asks);
                break;
            case CommitInput.Tick when NextDeadline <= now:
                foreach (var late in _awaited.Order(StringComparer.Ordinal))
                {
                    _failures.Add(new UnitAnswer(late, false, $"no answer within {phaseTimeMax.TotalSeconds:0} s", null));
                }

                _awaited.Clear();
                Advance(now, asks);
                break;
        }
    }

    private void Note(UnitAnswer answer)
    {
        if (!answer.Ok)
        {
            _failures.Add(answer);
        }
    }

    private void Advance(TimeSpan now, ICollection<CommitAsk> asks)
    {
        if (_awaited.Count > 0)
        {
            return;
        }

        var failed = _failures.Count > 0;
        Enter(
            State switch
            {
                CommitState.Checking => failed ? CommitState.Refused : CommitState.ApplyingStandbys,
                CommitState.TakingBack => CommitState.TakenBack,
                CommitState.Finishing => CommitState.Committed,
                _ when failed => CommitState.TakingBack,
                CommitState.ApplyingStandbys => CommitState.ApplyingPrimary,
                CommitState.ApplyingPrimary => CommitState.Verifying,
                CommitState.Verifying => CommitState.Deciding,
                CommitState.Deciding => CommitState.Finishing,
                _ => throw new InvalidOperationException($"a commit cannot go on from {State}"),
            },
            now,
            asks
        );
    }

    private void Enter(CommitState state, TimeSpan now, ICollection<CommitAsk> asks)
    {
        State = state;
        NextDeadline = null;
        if (Ended)
        {
            return;
        }

        (_phase, IEnumerable<string> units) = state switch
        {
            CommitState.Checking => (CommitPhase.Check, standbys.Append(primary)),
            CommitState.ApplyingStandbys => (CommitPhase.Apply, standbys),
            CommitState.ApplyingPrimary => (CommitPhase.Apply, [primary]),
            CommitState.Verifying => (CommitPhase.Verify, standbys.Append(primary)),
            CommitState.Deciding => (CommitPhase.Finish, [primary]),
            CommitState.Finishing => (CommitPhase.Finish, standbys),
            _ => (CommitPhase.TakeBack, _touched.Order(StringComparer.Ordinal)),
        };
        foreach (var unit in units)
        {
            _awaited.Add(unit);
            if (_phase == CommitPhase.Apply)
            {
                _touched.Add(unit);
            }

            asks.Add(new CommitAsk(unit, _phase));
        }

        if (_awaited.Count == 0)
        {
            Advance(now, asks);
        }
        else
        {
            NextDeadline = now + phaseTimeMax;
        }
    }
}
