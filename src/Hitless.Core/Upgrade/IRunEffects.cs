namespace Hitless.Core.Upgrade;

/// <summary>What a <see cref="RunMachine"/> wants done. Implemented by the daemon and by the simulator.</summary>
public interface IRunEffects
{
    /// <summary>Write the entry on every reachable unit, durably; answer with <see cref="RunInput.Appended"/>.</summary>
    void Append(uint ticket, JournalEntry entry);

    /// <summary>Bring about the goal of the step; answer with <see cref="RunInput.Replied"/>.</summary>
    void Act(uint ticket, RunStep step, RunHeader header);

    /// <summary>
    /// Fetch the journal of the open run from every reachable unit, write the longest here, and answer with <see cref="RunInput.Loaded"/>.
    /// </summary>
    void Load(uint ticket);

    /// <summary>The run has ended with this verdict; <paramref name="journal"/> is whole.</summary>
    void Ended(RunHeader header, string verdict, IReadOnlyList<JournalEntry> journal);
}
