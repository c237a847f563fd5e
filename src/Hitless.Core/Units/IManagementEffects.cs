using Hitless.Core.Api;
using Hitless.Core.Upgrade;
using Hitless.Core.Wire;

namespace Hitless.Core.Units;

/// <summary>
/// What a <see cref="ManagementMachine"/> wants done. Implemented by the daemon and by the simulator; each answer is an input, later.
/// </summary>
public interface IManagementEffects
{
    /// <summary>
    /// Have a unit, this one or another, write a journal to its disk, if that is further than the one there; answer with
    /// <see cref="ManagementInput.Written"/>, in bounded time and whatever happens.
    /// </summary>
    void Write(RequestId round, string unit, IReadOnlyList<JournalEntry> journal);

    /// <summary>
    /// Ask a unit, this one or another, for the journal of its last run; answer with <see cref="ManagementInput.Found"/>, in bounded time
    /// and whatever happens.
    /// </summary>
    void Read(RequestId round, string unit);

    /// <summary>Bring about the goal of a step; answer with <see cref="RunInput.Replied"/>. An act under way is given up.</summary>
    void Act(RequestId request, RunStep step, RunHeader header);

    /// <summary>Give up the act under way: a successor finds it done or not.</summary>
    void CancelAct();

    /// <summary>Something is about to be written into the journal of the run that this unit drives.</summary>
    void Announce(JournalEntry entry);

    /// <summary>The run that this unit drives has ended with this verdict.</summary>
    void Ended(RunHeader header, RunState verdict);
}
