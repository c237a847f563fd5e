using Hitless.Core.Upgrade;
using Hitless.Core.Wire;

namespace Hitless.Core.Units;

/// <summary>What can happen to a <see cref="ManagementMachine"/>.</summary>
public abstract record ManagementInput
{
    private ManagementInput() { }

    /// <summary>
    /// The cluster as this unit sees it now, itself included: after each change, and each 100 ms while a run is driven.
    /// </summary>
    /// <param name="Epoch">The epoch that this unit knows.</param>
    /// <param name="Reason">Why it has its role.</param>
    /// <param name="Units">The units.</param>
    /// <param name="Run">The same with what is known of the traffic; null: it was not asked for, since no run was driven then.</param>
    public sealed record Seen(long Epoch, string Reason, IReadOnlyList<UnitFacts> Units, RunInput.Tick? Run) : ManagementInput;

    /// <summary>This unit has become primary, or is no longer: <see cref="RunInput.Drive"/>.</summary>
    public sealed record Role(RunInput.Drive Drive) : ManagementInput;

    /// <summary>An operator's wish, or the end of an act: for the run machine.</summary>
    public sealed record Passed(RunInput Run) : ManagementInput;

    /// <summary>
    /// What a unit's disk has of a journal that was to be written there: the answer to <see cref="IManagementEffects.Write"/>.
    /// </summary>
    public sealed record Written(RequestId Round, string Unit, JournalCopy Copy) : ManagementInput;

    /// <summary>
    /// The journal of the last run on a unit's disk (empty: there was none; null: the unit was not reached): the answer to
    /// <see cref="IManagementEffects.Read"/>.
    /// </summary>
    public sealed record Found(RequestId Round, string Unit, IReadOnlyList<JournalEntry>? Journal) : ManagementInput;
}
