using Hitless.Core.Api;

namespace Hitless.Core.Configuration;

/// <summary>What a unit is asked to do with a revision.</summary>
public enum CommitPhase
{
    /// <summary>Run the check commands; change nothing.</summary>
    Check,

    /// <summary>Write and apply the files on trial: the head stays.</summary>
    Apply,

    /// <summary>Say whether the files on disk are those of the revision.</summary>
    Verify,

    /// <summary>Make the revision the head. On the primary this is the decision: from here on it stands.</summary>
    Finish,

    /// <summary>Put back what was there before <see cref="Apply"/>.</summary>
    TakeBack,
}

/// <summary>How a commit stands.</summary>
public enum CommitState
{
    /// <summary>Not begun.</summary>
    Idle,

    /// <summary>Every unit checks.</summary>
    Checking,

    /// <summary>The standbys apply.</summary>
    ApplyingStandbys,

    /// <summary>The primary applies.</summary>
    ApplyingPrimary,

    /// <summary>Every unit compares its disk.</summary>
    Verifying,

    /// <summary>The primary makes it its head.</summary>
    Deciding,

    /// <summary>The standbys make it their head.</summary>
    Finishing,

    /// <summary>It failed; the units that were asked to apply put back what was there.</summary>
    TakingBack,

    /// <summary>End: every unit holds it, or will when it is back.</summary>
    Committed,

    /// <summary>End: nothing had been changed on any unit.</summary>
    Refused,

    /// <summary>End: everything is as it was, except where a unit's answer says otherwise.</summary>
    TakenBack,
}

/// <summary>Something happened to a commit. A closed set.</summary>
public abstract record CommitInput
{
    /// <summary>Begin.</summary>
    public sealed record Start : CommitInput;

    /// <summary>A unit answered, or could not be asked.</summary>
    public sealed record Answered(CommitPhase Phase, UnitAnswer Answer) : CommitInput;

    /// <summary>Time has passed.</summary>
    public sealed record Tick : CommitInput;
}

/// <summary>
/// Ask <paramref name="Unit"/> for <paramref name="Phase"/>; the answer comes back as <see cref="CommitInput.Answered"/>.
/// </summary>
public readonly record struct CommitAsk(string Unit, CommitPhase Phase);
