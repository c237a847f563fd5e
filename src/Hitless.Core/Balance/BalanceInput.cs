using Hitless.Core.Wire;

namespace Hitless.Core.Balance;

/// <summary>What the balance machine is told. One record for each, closed.</summary>
public abstract record BalanceInput
{
    private BalanceInput() { }

    /// <summary>Time has passed.</summary>
    public sealed record Tick : BalanceInput;

    /// <summary>This unit has become primary.</summary>
    public sealed record BecamePrimary : BalanceInput;

    /// <summary>This unit is no longer primary: who is decides alone.</summary>
    public sealed record LostPrimary : BalanceInput;

    /// <summary>
    /// The cluster as it is now. <c>WhyOff</c>: why no other unit may carry anything (an upgrade, the schedule <c>none</c>, rules that
    /// translate addresses); null: load balancing is on.
    /// </summary>
    public sealed record Seen(IReadOnlyList<BalanceUnit> Others, string? WhyOff) : BalanceInput;

    /// <summary>Interfaces or their MACs are others than when the kernel's table was written.</summary>
    public sealed record KernelChanged : BalanceInput;

    /// <summary>The answer to <see cref="IBalanceEffects.Open"/>.</summary>
    public sealed record Opened(UnitId Unit, bool Ok) : BalanceInput;

    /// <summary>The answer to <see cref="IBalanceEffects.Barrier"/>.</summary>
    public sealed record Passed(RequestId Request, bool Ok) : BalanceInput;

    /// <summary>The answer to <see cref="IBalanceEffects.Write"/>: false: the kernel hands nothing on now.</summary>
    public sealed record Written(RequestId Request, bool Ok) : BalanceInput;
}
