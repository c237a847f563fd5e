using Hitless.Core.Api;
using Hitless.Core.Wire;

namespace Hitless.Core.Upgrade;

/// <summary>What a <see cref="RunMachine"/> wants done. Implemented by <see cref="Units.ManagementMachine"/>.</summary>
public interface IRunEffects
{
    /// <summary>Write the entry on every present unit, durably on one at least; answer with <see cref="RunInput.Appended"/>.</summary>
    void Append(RequestId request, JournalEntry entry);

    /// <summary>Bring about the goal of the step; answer with <see cref="RunInput.Replied"/>.</summary>
    void Act(RequestId request, RunStep step, RunHeader header);

    /// <summary>
    /// Fetch the journal of the open run from every present unit, write the furthest here, and answer with <see cref="RunInput.Loaded"/>.
    /// </summary>
    void Load(RequestId request);

    /// <summary>The run has ended with this verdict; <paramref name="journal"/> is whole.</summary>
    void Ended(RunHeader header, RunState verdict, IReadOnlyList<JournalEntry> journal);
}
