using Hitless.Core.Wire;

namespace Hitless.Core.Balance;

/// <summary>What <see cref="BalanceMachine"/> wants done. None of them waits.</summary>
public interface IBalanceEffects
{
    /// <summary>
    /// Make every unit hold this one's sessions as they come, and this one everybody's; answered by <see cref="BalanceInput.Opened"/>.
    /// </summary>
    void Open(UnitId unit);

    /// <summary>This unit carries nothing any more: its sessions need not be told.</summary>
    void Close(UnitId unit);

    /// <summary>
    /// Make sure that all sessions that <paramref name="from"/> has now are in the kernel of <paramref name="to"/>; answered by
    /// <see cref="BalanceInput.Passed"/>.
    /// </summary>
    void Barrier(RequestId request, UnitId from, UnitId to);

    /// <summary>
    /// From now on the kernel hands each bucket to its owner, in one transaction; answered by <see cref="BalanceInput.Written"/>.
    /// <paramref name="owners"/>: one for each bucket, not to be kept.
    /// </summary>
    void Write(RequestId request, ReadOnlySpan<UnitId> owners);

    /// <summary>The kernel is to hand on nothing. Not answered.</summary>
    void Withdraw();

    /// <summary>A line for the events.</summary>
    void Record(string text);
}
