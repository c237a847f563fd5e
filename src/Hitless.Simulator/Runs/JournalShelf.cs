using Hitless.Core.Upgrade;

namespace Hitless.Simulator.Runs;

/// <summary>The journals on a unit's disk: only ever growing, as the daemon's store keeps them.</summary>
internal sealed class JournalShelf
{
    private readonly SortedDictionary<string, IReadOnlyList<JournalEntry>> journals = new(StringComparer.Ordinal);

    /// <summary>The journal of the run that began last; empty if there was none.</summary>
    public IReadOnlyList<JournalEntry> Last =>
        journals.Count == 0 ? [] : journals.Values.MaxBy(journal => journal[0], Comparer<JournalEntry>.Create(RunJournal.CompareRuns))!;

    /// <summary>Takes a journal if it is further than the one of that run that is here.</summary>
    public bool Put(IReadOnlyList<JournalEntry> entries)
    {
        if (entries.Count == 0 || (journals.TryGetValue(entries[0].Run, out var here) && RunJournal.Compare(here[^1], entries[^1]) >= 0))
        {
            return false;
        }

        journals[entries[0].Run] = entries;
        return true;
    }
}
