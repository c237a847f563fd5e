using Hitless.Core.Balance;
using Hitless.Core.Cluster;
using Hitless.Core.Upgrade;
using Hitless.Core.Wire;
using Hitless.Simulator.Faults;
using Hitless.Simulator.Time;

namespace Hitless.Simulator.Units.Buckets;

/// <summary>
/// A daemon's load balancing: the real <see cref="BalanceMachine"/>, and around it what the balance loop, a member and the session loop of
/// the daemon would do.
/// </summary>
internal sealed class BucketHost : IBalanceEffects
{
    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan AskInterval = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan AnswerMax = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan ToldAgain = TimeSpan.FromMilliseconds(200);
    private readonly Simulation world;
    private readonly UnitProcess process;
    private readonly Chance chance;
    private readonly BalanceMachine machine;
    private readonly Dictionary<SimulatedUnit, Said> answers = [];
    private readonly Dictionary<SimulatedUnit, UnitProcess> followed = [];
    private readonly HashSet<SimulatedUnit> asking = [];
    private int withdrawals;

    public BucketHost(Simulation world, UnitProcess process, Chance chance)
    {
        (this.world, this.process, this.chance) = (world, process, chance);
        machine = new BalanceMachine(
            // Lives are short: what a primary waits for here is no fault of others.
            new BalanceOptions(process.Unit.Serial, 1) { PrimaryMin = TimeSpan.FromSeconds(1), FitMin = TimeSpan.FromMilliseconds(300) }
        );
        world.Timeline.After(LookInterval, Look);
    }

    private sealed record Said(string? Obstacle, TimeSpan At);

    /// <summary>Nobody but this unit carries anything, and nobody is about to.</summary>
    public bool IsQuiet => machine.IsQuiet;

    /// <summary>Whether a unit carries flows, or is about to.</summary>
    public bool Carries(UnitId unit) => machine.Carriers.Contains(unit);

    /// <summary>Why a unit has no buckets; null: it may have some.</summary>
    public string? ObstacleOf(UnitId unit) => machine.WhyOff ?? machine.ObstacleOf(unit);

    /// <summary>A session has been made by this unit's kernel for a bucket that it has: all others that follow it are told.</summary>
    public void Born(int session)
    {
        foreach (var other in world.Units.Where(other => other != process.Unit && world.Plant != Plant.BucketBeforeSessions))
        {
            Tell(other, session);
        }
    }

    /// <summary>What is lost on its way is asked for again, as long as the unit follows.</summary>
    private void Tell(SimulatedUnit other, int session)
    {
        bool Follows() => other.Process?.Buckets is { } follower && follower.followed.GetValueOrDefault(process.Unit) == process;
        world.Fabric.SendOnAll(process.Unit.Index, other.Index, () =>
        {
            if (Follows())
            {
                other.Sessions.Add(session);
            }
        });
        world.Timeline.After(ToldAgain, () =>
        {
            if (process.Alive && Follows() && !other.Sessions.Contains(session))
            {
                Tell(other, session);
            }
        });
    }

    void IBalanceEffects.Open(UnitId unit) =>
        Follow(world.Units.Where(other => other != process.Unit && IsHeard(other)), unit, ok => new BalanceInput.Opened(unit, ok));

    void IBalanceEffects.Close(UnitId unit) { }

    void IBalanceEffects.Barrier(RequestId request, UnitId from, UnitId to)
    {
        if (world.Plant == Plant.BucketBeforeSessions)
        {
            Take(new BalanceInput.Passed(request, true));
            return;
        }

        world.Calls.Call(
            process,
            world.UnitOf(to),
            (served, answer) => served.Buckets!.Fetch(world.UnitOf(from), ok => answer(ok, "")),
            reply => Take(new BalanceInput.Passed(request, reply.Ok))
        );
    }

    void IBalanceEffects.Write(RequestId request, ReadOnlySpan<UnitId> owners)
    {
        process.Effect();
        var (table, turn) = (new BucketTable(owners.ToArray()), withdrawals);
        world.Timeline.After(chance.Milliseconds(0.1, 2), () =>
        {
            if (process.Alive)
            {
                // One thread writes and takes away, in the order of the orders.
                if (turn == withdrawals)
                {
                    world.Rules.Buckets.Written(process, table);
                    process.Unit.Table = table;
                }

                Take(new BalanceInput.Written(request, true));
            }
        });
    }

    void IBalanceEffects.Withdraw()
    {
        process.Effect();
        withdrawals++;
        process.Unit.Table = null;
    }

    void IBalanceEffects.Record(string text) => world.Trace.Line(process.Unit.Name, $"balance: {text}");

    private void Look()
    {
        if (!process.Alive)
        {
            return;
        }

        world.Rules.Buckets.Look(process.Unit);
        process.WhenScheduled(() =>
        {
            var primary = process.Machine.Role == UnitRole.Primary;
            Step(primary ? new BalanceInput.BecamePrimary() : new BalanceInput.LostPrimary());
            if (primary)
            {
                Step(new BalanceInput.Seen([.. process.Machine.Peers.Where(IsKnown).Select(Seen)], WhyOff()));
                AskAll();
            }
        });
        world.Timeline.After(LookInterval, Look);
    }

    private string? WhyOff() => RunJournal.HoldsLoad(process.Unit.Journals.Last) ? "an upgrade is under way" : null;

    private static bool IsKnown(Peer peer) => peer.Tag != IncarnationTag.None;

    private bool IsHeard(SimulatedUnit unit) =>
        process.Machine.Peers.Any(peer => peer.Unit == unit.Serial && IsKnown(peer) && !peer.Absent);

    private BalanceUnit Seen(Peer peer)
    {
        var said = answers.GetValueOrDefault(world.UnitOf(peer.Unit));
        var believed = world.Plant == Plant.BucketsOfTheDead ? TimeSpan.MaxValue : AnswerMax;
        said = said is not null && world.Timeline.Now - said.At < believed ? said : null;
        return new BalanceUnit(
            peer.Unit,
            peer.Last.Name,
            1,
            peer.Last.Role != UnitRole.Standby ? "it is no standby"
                : peer.Last.State != UnitState.Ready ? "it is not ready"
                : peer.Last.Failures > process.Machine.Outgoing.Failures ? "it has failed interfaces or probes"
                : said is null ? "it does not say what it can carry"
                : said.Obstacle,
            Gone: (peer.Absent || peer.Last.State == UnitState.Leaving) && world.Plant != Plant.BucketsOfTheDead
        );
    }

    private void AskAll()
    {
        foreach (var other in world.Units.Where(other => other != process.Unit && IsHeard(other)))
        {
            var isDue = !answers.TryGetValue(other, out var had) || world.Timeline.Now - had.At >= AskInterval;
            if (!isDue || !asking.Add(other))
            {
                continue;
            }

            string? obstacle = null;
            world.Calls.Call(
                process,
                other,
                (served, answer) =>
                {
                    obstacle = served.Unit.PortsUp == SimulatedUnit.AllPorts ? null : "its interface is down";
                    answer(served.Machine.Primary == process.Unit.Serial, "");
                },
                reply =>
                {
                    asking.Remove(other);
                    if (reply.Ok)
                    {
                        answers[other] = new Said(obstacle, world.Timeline.Now);
                    }
                }
            );
        }
    }

    /// <summary>Makes every unit that is heard hold the sessions of one, as they come, and that one theirs.</summary>
    private void Follow(IEnumerable<SimulatedUnit> others, UnitId unit, Func<bool, BalanceInput> end)
    {
        var (open, all) = (1, true);
        void One(bool ok)
        {
            all &= ok;
            if (--open == 0)
            {
                Take(end(all));
            }
        }

        foreach (var other in others)
        {
            open++;
            world.Calls.Call(
                process,
                other,
                (served, answer) => served.Buckets!.FollowAll(unit, ok => answer(ok, "")),
                reply => One(reply.Ok)
            );
        }

        open++;
        FollowAll(unit, One);
        One(true);
    }

    /// <summary>Who is to carry follows everybody; everybody else follows it.</summary>
    private void FollowAll(UnitId unit, Action<bool> end)
    {
        var sources = unit == process.Unit.Serial ? world.Units.Where(other => other != process.Unit) : [world.UnitOf(unit)];
        var (open, all) = (1, true);
        void One(bool ok)
        {
            all &= ok;
            if (--open == 0)
            {
                end(all);
            }
        }

        foreach (var source in sources.Where(source => source != process.Unit && source.Process is not null))
        {
            open++;
            followed[source] = source.Process!;
            Fetch(source, One);
        }

        One(true);
    }

    /// <summary>All sessions that a unit has now are brought into this unit's kernel; false: it cannot be asked.</summary>
    private void Fetch(SimulatedUnit from, Action<bool> end)
    {
        if (from == process.Unit)
        {
            end(true);
            return;
        }

        int[] theirs = [];
        world.Calls.Call(
            process,
            from,
            (served, answer) =>
            {
                theirs = [.. served.Unit.Sessions];
                answer(true, "");
            },
            reply => world.Timeline.After(process.Unit.Slow ? chance.Milliseconds(20, 400) : chance.Milliseconds(0.1, 1), () =>
                {
                    if (process.Alive)
                    {
                        process.Unit.Sessions.UnionWith(reply.Ok ? theirs : []);
                        end(reply.Ok);
                    }
                })
        );
    }

    private void Take(BalanceInput input) => process.WhenScheduled(() => Step(input));

    private void Step(BalanceInput input) => process.Guard(() => machine.Step(input, process.LocalNow, this));
}
