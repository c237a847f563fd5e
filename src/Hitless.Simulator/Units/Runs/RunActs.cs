using Hitless.Core.Cluster;
using Hitless.Core.Upgrade;
using Hitless.Simulator.Time;
using Hitless.Simulator.Units;
using Hitless.Simulator.Units.Buckets;

namespace Hitless.Simulator.Units.Runs;

/// <summary>What the unit that drives a run does for each step: asks the target, compares, switches.</summary>
internal sealed class RunActs(Simulation world, UnitProcess process, Chance chance)
{
    private const int MissingMax = 5;
    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(300);
    private static readonly TimeSpan QuietPatience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan VerifyPatience = TimeSpan.FromSeconds(10);

    /// <summary>Begins the act; <paramref name="end"/> gets whether it went well, whether it may be tried again, and why not.</summary>
    public void Begin(RunStep step, RunHeader header, Action<bool, bool, string> end)
    {
        world.Rules.Runs.TakesOut(process, step, header);
        switch (step.Name)
        {
            case RunStep.Preflight:
                Later(() => Preflight(header, end));
                break;
            case RunStep.Verify:
                All(step.Targets, (target, one) => Later(() => Verify(target, world.Timeline.Now + VerifyPatience, one)), end);
                break;
            case RunStep.Switchover:
                Later(() => SwitchOver(step, header, end));
                break;
            case RunStep.FinalPrimary:
                Later(() => process.Renegotiate((ok, text) => end(ok, false, text)));
                break;
            case RunStep.BalanceOff when process.Buckets is { } buckets:
                Later(() => AwaitQuiet(buckets, world.Timeline.Now + QuietPatience, end));
                break;
            case RunStep.Backup or RunStep.ServiceCheck:
                Later(() => end(true, false, ""));
                break;
            default:
                // Who drives the run is asked last, and only if all others have agreed.
                var self = process.Unit.Name;
                All(
                    step.Targets.Where(target => target != self),
                    (target, one) => Ask(target, step, header, one),
                    (ok, retry, text) =>
                    {
                        if (ok && step.Targets.Contains(self))
                        {
                            Ask(self, step, header, end);
                        }
                        else
                        {
                            end(ok, retry, text);
                        }
                    }
                );
                break;
        }
    }

    private void AwaitQuiet(BucketHost buckets, TimeSpan until, Action<bool, bool, string> end)
    {
        if (buckets.IsQuiet || world.Timeline.Now >= until)
        {
            end(buckets.IsQuiet, false, buckets.IsQuiet ? "" : "load balancing could not be turned off in time");
            return;
        }

        world.Timeline.After(LookAgain, () => Later(() => AwaitQuiet(buckets, until, end)));
    }

    private void Ask(string target, RunStep step, RunHeader header, Action<bool, bool, string> end) =>
        world.Calls.Call(
            process,
            world.Units.Single(unit => unit.Name == target),
            (served, answer) => served.Steps.Take(step, header, answer),
            answer => end(answer.Ok, !answer.Reached, answer.Text)
        );

    /// <summary>Does something with each target; when all have ended, so does the whole, well only if all did.</summary>
    private static void All(IEnumerable<string> targets, Action<string, Action<bool, bool, string>> each, Action<bool, bool, string> end)
    {
        var open = 1;
        var (ok, retry, text) = (true, false, "");
        void One(bool wentWell, bool again, string said)
        {
            (ok, retry, text) = wentWell ? (ok, retry, ok ? said : text) : (false, retry || again, said);
            if (--open == 0)
            {
                end(ok, retry, text);
            }
        }

        foreach (var target in targets)
        {
            open++;
            each(target, One);
        }

        One(true, false, text);
    }

    private void Preflight(RunHeader header, Action<bool, bool, string> end)
    {
        var ready = process.Machine.Peers.Count(IsReady) + 1;
        var mixed = process.Machine.Peers.Any(peer => !peer.Absent && peer.Last.Version != header.From);
        end(
            ready == header.Members.Count && !mixed,
            false,
            $"{ready} of {header.Members.Count} units ready{(mixed ? ", versions mixed" : "")}"
        );
    }

    private void Verify(string target, TimeSpan until, Action<bool, bool, string> end)
    {
        if (target == process.Unit.Name)
        {
            end(true, false, "carries the traffic itself");
            return;
        }

        var missing = 0;
        world.Calls.Call(
            process,
            world.Units.Single(unit => unit.Name == target),
            (served, answer) =>
            {
                missing = process.Unit.Sessions.Count(session => !served.Unit.Sessions.Contains(session));
                answer(true, "");
            },
            answer =>
            {
                if (answer.Ok && missing <= MissingMax)
                {
                    end(true, false, $"{missing} sessions missing");
                }
                else if (!answer.Reached || world.Timeline.Now >= until)
                {
                    end(false, !answer.Reached, answer.Reached ? $"{missing} sessions missing" : answer.Text);
                }
                else
                {
                    world.Timeline.After(LookAgain, () => Later(() => Verify(target, until, end)));
                }
            }
        );
    }

    private void SwitchOver(RunStep step, RunHeader header, Action<bool, bool, string> end)
    {
        var target = step.Target;
        if (target == process.Unit.Name)
        {
            end(true, false, "is primary");
        }
        else if (process.Machine.Peers.FirstOrDefault(peer => peer.Last.Name == target && IsReady(peer)) is { } peer)
        {
            process.RequestSwitchover(peer.Unit, (ok, text) => end(ok, false, text), header.SwitchesBack(step, peer.Last.Version));
        }
        else
        {
            end(false, true, $"{target} is not a standby that is ready");
        }
    }

    private static bool IsReady(Peer peer) =>
        !peer.Absent
        && (
            peer.Last.Role == UnitRole.Primary
            || (peer.Last.Role == UnitRole.Standby && peer.Last.State is UnitState.Ready or UnitState.Fault)
        );

    private void Later(Action work) => world.Timeline.After(chance.Milliseconds(0.5, 20), () => process.WhenScheduled(work));
}
