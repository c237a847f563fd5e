using Hitless.Core.Wire;

namespace Hitless.Core.Balance;

/// <summary>The balance machine's times and measures.</summary>
/// <param name="Self">This unit.</param>
/// <param name="Weight">Its weight.</param>
public sealed record BalanceOptions(UnitId Self, int Weight)
{
    /// <summary>How many buckets a unit that joins takes at once.</summary>
    public int StepBuckets { get; init; } = 32;

    /// <summary>The pause between two of its steps.</summary>
    public TimeSpan StepInterval { get; init; } = TimeSpan.FromMilliseconds(250);

    /// <summary>A unit is fit for so long before it gets the first bucket.</summary>
    public TimeSpan FitMin { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>A primary is one for so long before it gives away the first bucket: its own forwarding is judged first.</summary>
    public TimeSpan PrimaryMin { get; init; } = TimeSpan.FromSeconds(11);

    /// <summary>How long the sessions of a bucket are waited for.</summary>
    public TimeSpan BarrierTimeout { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>How long a unit that has lost its last bucket still forwards what is on its way to it.</summary>
    public TimeSpan Straggle { get; init; } = TimeSpan.FromMilliseconds(300);

    /// <summary>The pause after what did not succeed.</summary>
    public TimeSpan RetryDelay { get; init; } = TimeSpan.FromSeconds(2);
}
