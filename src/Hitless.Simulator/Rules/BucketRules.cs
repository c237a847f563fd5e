using Hitless.Core.Balance;
using Hitless.Core.Cluster;
using Hitless.Core.Wire;
using Hitless.Simulator.Units;
using Hitless.Simulator.Units.Buckets;

namespace Hitless.Simulator.Rules;

/// <summary>
/// Load balancing, watched from outside: no bucket without a unit that forwards it, no unit beside the primary that hands flows on, and
/// rule 2 for each bucket.
/// </summary>
internal sealed class BucketRules(Simulation world)
{
    // As long as a primary may take to notice.
    private static readonly TimeSpan Noticed = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan Healthy = TimeSpan.FromSeconds(3);
    private readonly List<TimeSpan> bornAt = [];
    private readonly Dictionary<SimulatedUnit, TimeSpan> offSince = [];
    private readonly Dictionary<SimulatedUnit, TimeSpan> strayingSince = [];

    /// <summary>How many buckets have been moved in this life.</summary>
    public int Moves { get; private set; }

    /// <summary>A session has been opened; its number is the next one.</summary>
    public void Born() => bornAt.Add(world.Timeline.Now);

    /// <summary>The unit that a unit's kernel hands a session to: itself where it hands nothing on.</summary>
    public static UnitId OwnerOf(SimulatedUnit unit, int session) => OwnerOf(unit.Table, BucketTable.BucketOf(session), unit);

    /// <summary>
    /// Looks at a unit and at what its kernel hands on: each owner has power, or had a moment ago; and who has no virtual
    /// addresses any more hands nothing on.
    /// </summary>
    public void Look(SimulatedUnit unit)
    {
        var now = world.Timeline.Now;
        foreach (var other in world.Units)
        {
            Since(offSince, other, !other.Powered);
        }

        Since(strayingSince, unit, unit.Table is not null && unit.Traffic == TrafficState.Muted);
        if (strayingSince.TryGetValue(unit, out var straying) && now - straying > Healthy)
        {
            world.Breach("only a primary hands flows on", $"{unit} is mute, and its kernel hands flows on");
        }

        if (unit.Table is not { } table || unit.Traffic != TrafficState.Claimed)
        {
            return;
        }

        foreach (var (owner, since) in offSince)
        {
            if (now - since > Noticed && table.Has(owner.Serial))
            {
                world.Breach("every bucket has an owner that forwards", $"{unit} hands flows on to {owner}, which has no power");
            }
        }
    }

    /// <summary>Rule 2 for each bucket: who gets one holds the sessions of who had it, but for those of the last moment.</summary>
    public void Written(UnitProcess process, BucketTable table)
    {
        var unit = process.Unit;
        var moved = Enumerable
            .Range(0, BucketAssignment.Buckets)
            .Where(bucket => OwnerOf(unit.Table, bucket, unit) != table.Owners[bucket])
            .GroupBy(bucket => (From: world.UnitOf(OwnerOf(unit.Table, bucket, unit)), To: world.UnitOf(table.Owners[bucket])));
        foreach (var group in moved)
        {
            var (from, to) = group.Key;
            Moves += group.Count();
            if (AllWell(unit, from, to))
            {
                CheckHeld(from, to, group.ToHashSet());
            }
        }
    }

    private void CheckHeld(SimulatedUnit from, SimulatedUnit to, HashSet<int> buckets)
    {
        foreach (var session in from.Sessions)
        {
            if (
                world.Timeline.Now - bornAt[session] > Healthy
                && buckets.Contains(BucketTable.BucketOf(session))
                && !to.Sessions.Contains(session)
            )
            {
                world.Breach(
                    "rule 2 for each bucket, commit before claim",
                    $"a bucket moves from {from} to {to}, which lacks session {session}"
                );
                return;
            }
        }
    }

    /// <summary>When faults have ended, every unit that may carry does.</summary>
    public void CheckSettled(string when)
    {
        if (
            !world.SharesFlows
            || world.Units.FirstOrDefault(each => each.Traffic == TrafficState.Claimed) is not { Process: { } primary } unit
        )
        {
            return;
        }

        foreach (var other in world.Living.Where(other => other != unit))
        {
            var fit = other is { Process.Machine.State: UnitState.Ready, PortsUp: SimulatedUnit.AllPorts };
            if (fit && primary.Buckets!.ObstacleOf(other.Serial) is null && unit.Table?.Has(other.Serial) != true)
            {
                world.Breach("who may carry gets a share", $"{when}: {other} has no bucket of {unit}; {SettledRules.Describe(world)}");
            }
        }
    }

    private static UnitId OwnerOf(BucketTable? table, int bucket, SimulatedUnit unit) => table?.Owners[bucket] ?? unit.Serial;

    private bool AllWell(params ReadOnlySpan<SimulatedUnit> units)
    {
        foreach (var unit in units)
        {
            var ready = unit.Process is { Machine: var machine } && machine.Role is UnitRole.Primary or UnitRole.Standby;
            if (!ready || !unit.Powered || unit.WholeSince is not { } since || world.Timeline.Now - since < Healthy)
            {
                return false;
            }

            foreach (var other in units)
            {
                if (other != unit && !world.Fabric.Reaches(unit.Index, other.Index))
                {
                    return false;
                }
            }
        }

        return true;
    }

    private void Since(Dictionary<SimulatedUnit, TimeSpan> all, SimulatedUnit unit, bool holds)
    {
        if (!holds)
        {
            all.Remove(unit);
        }
        else
        {
            all.TryAdd(unit, world.Timeline.Now);
        }
    }
}
