using Hitless.Core.Upgrade;

namespace Hitless.Simulator.Runs;

/// <summary>The journals on a unit's disk: only ever growing, as the daemon's store keeps them.</summary>
internal sealed class JournalShelf
{
    private readonly SortedDictionary<string, IReadOnlyList<JournalEntry>> journals = new(StringComparer.Ordinal);

    /// <summary>The journal of the run that began last; empty if there was none.</summary>
    public IReadOnlyList<JournalEntry> Last => journals.Count == 0 ? [] : journals.Last().Value;

    /// <summary>Takes a journal if it is further than the one of that run that is here.</summary>
    public bool Put(IReadOnlyList<JournalEntry> entries)
    {
        if (entries.Count == 0 || (journals.TryGetValue(entries[0].Run, out var here) && Compare(here[^1], entries[^1]) >= 0))
        {
            return false;
        }

        journals[entries[0].Run] = entries;
        return true;
    }

    /// <summary>A run that has not ended.</summary>
    public static bool IsOpen(IReadOnlyList<JournalEntry> journal) => journal.Count > 0 && journal[^1].Kind != JournalEntryKind.End;

    /// <summary>The journal of the later run; of one run, the one that got further.</summary>
    public static IReadOnlyList<JournalEntry> Further(IReadOnlyList<JournalEntry> a, IReadOnlyList<JournalEntry> b)
    {
        if (a.Count == 0 || b.Count == 0)
        {
            return a.Count == 0 ? b : a;
        }

        var byRun = string.CompareOrdinal(a[0].Run, b[0].Run);
        return byRun != 0 ? (byRun > 0 ? a : b) : Compare(a[^1], b[^1]) >= 0 ? a : b;
    }

    private static int Compare(JournalEntry a, JournalEntry b) => (a.Epoch, a.Sequence).CompareTo((b.Epoch, b.Sequence));
}
