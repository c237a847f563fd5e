using Hitless.Core.Wire;

namespace Hitless.Core.Balance;

/// <summary>
/// Another unit as the balance machine is told of it. <c>Obstacle</c>: why it may carry nothing now; null: it may. <c>Gone</c>: it is not
/// heard any more, and forwards nothing.
/// </summary>
public readonly record struct BalanceUnit(UnitId Id, string Name, int Weight, string? Obstacle, bool Gone = false)
{
    /// <summary>It may carry traffic now.</summary>
    public bool Fit => !Gone && Obstacle is null;
}
