namespace Hitless.Core.Upgrade.Changes;

/// <summary>What kind of thing a <see cref="StateItem"/> is.</summary>
public enum StateKind : byte
{
    /// <summary>What forwarding depends on (<see cref="Hitless.Core.Forwarding.ForwardingItem"/>).</summary>
    Forwarding,

    /// <summary>A gateway of a route whose MAC is known.</summary>
    Neighbour,

    /// <summary>An established BGP session of this unit's own.</summary>
    RoutingPeer,

    /// <summary>A socket that waits for others.</summary>
    Listener,

    /// <summary>How many errors an interface has counted.</summary>
    InterfaceErrors,

    /// <summary>What a command of <c>compare</c> printed.</summary>
    Command,
}

/// <summary>One thing around the traffic. <c>Name</c> is what <c>upgrade.expect</c> matches.</summary>
public sealed record StateItem(StateKind Kind, string Name, string Value);

/// <summary>What stood around the traffic on one unit at one moment.</summary>
/// <param name="Primary">The unit was primary.</param>
/// <param name="Items">All that could be read; a name is there once.</param>
/// <param name="NotRead">What could not be, a line each.</param>
public sealed record Surroundings(bool Primary, IReadOnlyList<StateItem> Items, IReadOnlyList<string> NotRead)
{
    /// <summary>More than this is not kept, and said to be left out.</summary>
    public const int ItemsMax = 5000;

    /// <summary>The first items of each name, no more than <see cref="ItemsMax"/>.</summary>
    public static Surroundings Of(bool primary, IEnumerable<StateItem> items, IReadOnlyList<string> notRead)
    {
        StateItem[] all = [.. items.DistinctBy(item => item.Name, StringComparer.Ordinal)];
        return all.Length <= ItemsMax
            ? new Surroundings(primary, all, notRead)
            : new Surroundings(
                primary,
                all[..ItemsMax],
                [.. notRead, $"{all.Length - ItemsMax} things beyond the first {ItemsMax} are not compared"]
            );
    }
}

/// <summary>A unit before and after a run; null: that is not known, and <c>WhyNot</c> says why.</summary>
public sealed record UnitBeforeAndAfter(string Unit, Surroundings? Before, Surroundings? After, string? WhyNot);
