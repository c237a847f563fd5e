using Hitless.Core.Wire;

namespace Hitless.Core.Cluster.Membership;

/// <summary>A heartbeat link has lost its carrier: whether the primary is there still is asked in short turns.</summary>
internal sealed class CarrierQuestion(ClusterOptions options)
{
    /// <summary>Who is asked for; <see cref="UnitId.None"/>: nobody.</summary>
    public UnitId Unit { get; private set; }

    /// <summary>Since when.</summary>
    public TimeSpan Since { get; private set; }

    /// <summary>When it is asked again.</summary>
    public TimeSpan Next { get; private set; }

    /// <summary>Somebody is asked for.</summary>
    public bool IsOpen => Unit != UnitId.None;

    /// <summary>What is heard from here on is no answer that was on its way when the link fell.</summary>
    public TimeSpan ProofAfter => Since + options.AskEvery;

    /// <summary>A link fell: is <paramref name="unit"/> there?</summary>
    public void Begin(UnitId unit, TimeSpan now)
    {
        Unit = unit;
        Since = Next = now;
    }

    /// <summary>It is asked now.</summary>
    public void Ask(TimeSpan now) => Next = now + options.AskEvery;

    /// <summary>This unit itself stood still for so long, and heard nothing.</summary>
    public void Delay(TimeSpan late) => Since += late;

    /// <summary>It is answered, or nobody answers.</summary>
    public void End() => Unit = UnitId.None;
}
