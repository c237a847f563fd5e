using Hitless.Core.Api;

namespace Hitless.Core.Upgrade.Forwarding;

/// <summary>
/// What happened between two samples: differences of their counters. A counter that went back (an interface that was made anew) counts as
/// not seen.
/// </summary>
public sealed class ForwardingInterval
{
    private readonly ForwardingCounters from;
    private readonly ForwardingCounters to;

    /// <summary>From <paramref name="first"/> to <paramref name="last"/>, which is later.</summary>
    public ForwardingInterval(ForwardingSample first, ForwardingSample last)
    {
        from = first.Counters;
        to = last.Counters;
        Seconds = (last.At - first.At).TotalSeconds;
        Interfaces =
        [
            .. from now in last.Interfaces
            from then in first.Interfaces
            where now.Name == then.Name && IsForward(then, now)
            select Between(then, now),
        ];
    }

    /// <summary>Its length.</summary>
    public double Seconds { get; }

    /// <summary>The interfaces that both samples have.</summary>
    public IReadOnlyList<InterfaceCounters> Interfaces { get; }

    /// <summary>Packets that reached the IP layer.</summary>
    public long Received => Since(from.Received, to.Received);

    /// <summary>Packets for others that left.</summary>
    public long Left =>
        to.Transmitted is { } after && from.Transmitted is { } before
            ? Math.Clamp(Since(before, after) - Since(from.LocalOut, to.LocalOut), 0, Math.Max(Routed, 0))
            : Routed;

    /// <summary>
    /// Packets that were to be forwarded, as far as the kernel tells: those that left, and those that are known to have not.
    /// </summary>
    public long Wanted => Routed + NoRoute + NotForwarding + ReversePath + Vanished;

    /// <summary>Sessions that began.</summary>
    public long Made => Since(from.SessionsMade, to.SessionsMade);

    /// <summary>Sessions that got their first answer.</summary>
    public long Answered => Since(from.SessionsAnswered, to.SessionsAnswered);

    /// <summary>Packets without a route.</summary>
    public long NoRoute => Since(from.NoRoute, to.NoRoute);

    /// <summary>Packets that were not forwarded because forwarding is off.</summary>
    public long NotForwarding => Since(from.NotForwarding, to.NotForwarding);

    /// <summary>Packets that came by another way than their answers would go.</summary>
    public long ReversePath => Since(from.ReversePath, to.ReversePath);

    /// <summary>Unreachables that this unit sent.</summary>
    public long Unreachables => Since(from.Unreachables, to.Unreachables);

    /// <summary>Routed packets that a rule dropped before they left; 0 where the kernel does not tell.</summary>
    public long Refused => Math.Max(0, Routed - Left);

    /// <summary>Packets that arrived and that no counter knows any more.</summary>
    public long Vanished =>
        Math.Max(
            0,
            Received
                - Since(from.Delivered, to.Delivered)
                - Since(from.Group, to.Group)
                - Since(from.Merged, to.Merged)
                - Routed
                - NoRoute
                - NotForwarding
                - ReversePath
                - Since(from.Damaged, to.Damaged)
                - Since(from.Discarded, to.Discarded)
        );

    private long Routed => Since(from.Forwarded, to.Forwarded);

    /// <summary>How many packets went no further for each cause, and out of how many.</summary>
    public IEnumerable<(string Cause, string? Interface, long Lost, long OutOf)> Losses()
    {
        yield return (LossCauses.Refused, null, Refused, Routed);
        yield return (LossCauses.Vanished, null, Vanished, Received);
        yield return (LossCauses.NoRoute, null, NoRoute, Wanted);
        yield return (LossCauses.NotForwarding, null, NotForwarding, Wanted);
        yield return (LossCauses.ReversePath, null, ReversePath, Wanted);
        yield return (LossCauses.Unreachable, null, Unreachables, Wanted);
        yield return (LossCauses.Discarded, null, Since(from.Discarded, to.Discarded), Received);
        yield return (LossCauses.SessionTable, null, Since(from.SessionTableDrops, to.SessionTableDrops), Received);
        yield return (LossCauses.Backlog, null, Since(from.BacklogDrops, to.BacklogDrops), Received);
        foreach (var each in Interfaces)
        {
            yield return (LossCauses.Receive, each.Name, each.ReceiveLost, each.Received + each.ReceiveLost);
            yield return (LossCauses.Send, each.Name, each.SendLost, each.Sent + each.SendLost);
        }
    }

    private static long Since(long before, long after) => Math.Max(0, after - before);

    private static bool IsForward(in InterfaceCounters then, in InterfaceCounters now) =>
        now.Received >= then.Received && now.Sent >= then.Sent && now.ReceiveLost >= then.ReceiveLost && now.SendLost >= then.SendLost;

    private static InterfaceCounters Between(in InterfaceCounters then, in InterfaceCounters now) =>
        new(now.Name, now.Received - then.Received, now.Sent - then.Sent, now.ReceiveLost - then.ReceiveLost, now.SendLost - then.SendLost);
}
