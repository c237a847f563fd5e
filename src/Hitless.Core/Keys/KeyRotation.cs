using Hitless.Core.Wire;

namespace Hitless.Core.Keys;

/// <summary>
/// The rotation of the cluster's key, decided by each unit for itself (docs/decisions/0062):
/// <code>
/// Former ──offered the next key──► Accepts ──all accept it──► Sends ──all send with it──► Done
/// </code>
/// A unit goes one phase further when it has heard that every unit that takes part is as far as it is itself. So no two units are ever
/// more than one phase apart, and of any two that are, each accepts what the other sends. What a unit knows stands in its key file alone:
/// whoever restarts, or drove the rotation, goes on where it was.
/// </summary>
public static class KeyRotation
{
    /// <summary>
    /// Another unit offers the key that is to come after <paramref name="former"/> (an id). Where two rotations were begun at once, the key
    /// with the lower id stays: nobody can have sent with the other one, since not all accept it.
    /// </summary>
    /// <returns>The keys from now on, and how far this unit is in that rotation; null: it is in another one.</returns>
    public static (ClusterKeys Keys, KeyPhase? Phase) Receive(
        ClusterKeys here,
        string former,
        ClusterKey next,
        IReadOnlyList<string> members
    )
    {
        if (here.Next.Id == next.Id && (!here.IsRotating || here.Former.Id == former))
        {
            return (here.IsRotating ? here.Among(members) : here, here.Phase);
        }

        if (here.IsRotating && here.Former.Id == next.Id)
        {
            // A rotation that has ended here: the next one is under way.
            return (here, KeyPhase.Done);
        }

        var isFree = !here.IsRotating || (here.Phase == KeyPhase.Accepts && string.CompareOrdinal(next.Id, here.Next.Id) < 0);
        return isFree && here.Sending.Id == former ? (here.With(next, members), KeyPhase.Accepts) : (here, null);
    }

    /// <summary>
    /// The units that this one waits for: those that take part and are behind it, or have not said how far they are. Where nobody is waited
    /// for, <see cref="ClusterKeys.Advanced"/> comes next.
    /// </summary>
    /// <param name="here">This unit's keys, with a rotation under way.</param>
    /// <param name="self">This unit's name.</param>
    /// <param name="phaseOf">How far the others are that have answered since <paramref name="here"/> was so.</param>
    public static IReadOnlyList<string> WaitsFor(ClusterKeys here, string self, IReadOnlyDictionary<string, KeyPhase> phaseOf) =>
        [.. here.Members.Where(unit => unit != self && (!phaseOf.TryGetValue(unit, out var phase) || phase < here.Phase))];
}
