using Hitless.Core.Api;

namespace Hitless.Daemon.Upgrade;

/// <summary>What a switch may cost: the sessions that would break, held against <c>upgrade.session-difference-limit</c>; of the critical ones, none.</summary>
internal readonly record struct SessionGate(int Breaking, bool IsOpen)
{
    public static SessionGate Of(SessionDifference difference, double limit)
    {
        var breaking = difference.Entries.Count(e => e.Fate == "breaks");
        return new SessionGate(breaking, breaking <= limit * Math.Max(1, difference.Compared) && difference.Critical == 0);
    }
}
