using Hitless.Core.Upgrade;

namespace Hitless.Simulator.Units.Runs;

/// <summary>The journals on a unit's disk: only ever growing, as the daemon's store keeps them.</summary>
internal sealed class JournalShelf
{
    private readonly SortedDictionary<string, IReadOnlyList<JournalEntry>> journals = new(StringComparer.Ordinal);

    /// <summary>The journal of the run that began last; empty if there was none.</summary>
    public IReadOnlyList<JournalEntry> Last =>
        journals.Count == 0 ? [] : journals.Values.MaxBy(journal => journal[0], Comparer<JournalEntry>.Create(RunJournal.CompareRuns))!;

    /// <summary>The journal of a run; empty if it is not here.</summary>
    public IReadOnlyList<JournalEntry> Of(string run) => journals.GetValueOrDefault(run, []);

    /// <summary>Takes a journal if it is further than the one of that run that is here.</summary>
    public bool Put(IReadOnlyList<JournalEntry> entries)
    {
        if (entries.Count == 0 || !JournalReplication.Replaces(Of(entries[0].Run), entries))
        {
            return false;
        }

        journals[entries[0].Run] = entries;
        return true;
    }
}
