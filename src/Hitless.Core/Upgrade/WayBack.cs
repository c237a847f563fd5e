namespace Hitless.Core.Upgrade;

/// <summary>
/// The way back has no list: it looks at what each unit runs now and takes the next move of three: revert a standby that runs the wrong
/// version, switch to a ready standby, or end. Whoever asks is the primary, and only the others can be reverted: a move that would touch
/// the unit that carries the traffic cannot be expressed.
/// </summary>
public static class WayBack
{
    /// <summary>What comes next.</summary>
    public enum Move
    {
        /// <summary>A unit is away, not ready, or primary too, or flows are still handed on to it: it has to settle first.</summary>
        Wait,

        /// <summary>Start the unit from its other slot.</summary>
        Revert,

        /// <summary>Hand the traffic over to the unit.</summary>
        SwitchOver,

        /// <summary>Every unit runs what it ran before, or has been left.</summary>
        End,
    }

    /// <summary>The next move of the primary <paramref name="self"/>; <paramref name="trialOpen"/>: the unit's next start may still be one
    /// of the new version;
    /// <paramref name="left"/>: the unit has been waited for long enough, and stays as it is.</summary>
    public static (Move Move, string? Unit) Next(
        RunHeader header,
        string self,
        Func<string, UnitFacts> facts,
        Func<string, bool> trialOpen,
        Func<string, bool> left
    )
    {
        var standbys = header.Members.Where(m => m.Name != self && !left(m.Name)).ToArray();
        foreach (var member in standbys)
        {
            var now = facts(member.Name);
            if (now.Present && !now.Primary && (now.Version != member.Version || trialOpen(member.Name)))
            {
                return (now.Carries ? Move.Wait : Move.Revert, member.Name);
            }

            if (!now.Present || !now.Ready || now.Primary)
            {
                return (Move.Wait, member.Name);
            }
        }

        if (header.Members.FirstOrDefault(m => m.Name == self) is { } own && facts(self).Version != own.Version)
        {
            return standbys.MaxBy(m => m.Priority) is { } heir ? (Move.SwitchOver, heir.Name) : (Move.End, null);
        }

        // A rehearsal touches nothing, so all that there is to take back is the switch.
        return header.RehearseOnly && self != header.FormerPrimary && !left(header.FormerPrimary) && facts(header.FormerPrimary).Ready
            ? (Move.SwitchOver, header.FormerPrimary)
            : (Move.End, null);
    }
}
