using Hitless.Core.Api;

namespace Hitless.Core.Configuration;

/// <summary>
/// When a commit that nobody confirms is undone: so long after this unit made it its head, by a clock that nobody sets. What the revision
/// says of time is only used for how long that is. Every unit counts, whoever is primary when it is over.
/// </summary>
public sealed class ConfirmTimer
{
    /// <summary>The longest that a commit can ask for.</summary>
    public static readonly TimeSpan TimeMax = TimeSpan.FromDays(1);

    private string? hash;
    private TimeSpan due;

    /// <summary>The unit has this head from <paramref name="now"/> (monotonic) on.</summary>
    public void Begin(RevisionInfo? head, TimeSpan now) => (hash, due) = (head?.Hash, now + LengthOf(head));

    /// <summary>
    /// A process that starts finds this head, and cannot know when it was made but by the wall clock, which may have been set since: of the
    /// time that it says, no less than nothing and no more than all of it has passed.
    /// </summary>
    public void Resume(RevisionInfo? head, TimeSpan now, DateTimeOffset wall)
    {
        Begin(head, now);
        if (head is not null)
        {
            var passed = wall - head.Time;
            due -=
                passed < TimeSpan.Zero ? TimeSpan.Zero
                : passed < LengthOf(head) ? passed
                : LengthOf(head);
        }
    }

    /// <summary>The head was not confirmed in time: the primary has to put back what was before it.</summary>
    public bool IsDue(RevisionInfo? head, TimeSpan now) =>
        head is { ConfirmBy: not null, Parent: not null } && head.Hash == hash && now >= due;

    private static TimeSpan LengthOf(RevisionInfo? head)
    {
        var length = head?.ConfirmBy is { } limit ? limit - head.Time : TimeSpan.Zero;
        return length < TimeSpan.Zero ? TimeSpan.Zero
            : length < TimeMax ? length
            : TimeMax;
    }
}
