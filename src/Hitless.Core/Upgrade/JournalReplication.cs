namespace Hitless.Core.Upgrade;

/// <summary>What a unit's disk has of a journal that was to be written there.</summary>
public enum JournalCopy
{
    /// <summary>The unit was not reached, or its disk took nothing.</summary>
    None,

    /// <summary>The last entry is on the disk.</summary>
    Written,

    /// <summary>A journal of the same run that is further is there: another unit drives the run.</summary>
    Further,
}

/// <summary>
/// Rule 7, journal before effect: when an entry is durable, which journal a new driver goes on with, and which units have to learn of an
/// end. Whoever keeps journals, in the daemon or in a simulation, asks here.
/// </summary>
public static class JournalReplication
{
    /// <summary>Whether a disk that has <paramref name="here"/> of a run takes <paramref name="journal"/>: journals only grow.</summary>
    public static bool Replaces(IReadOnlyList<JournalEntry> here, IReadOnlyList<JournalEntry> journal) =>
        journal.Count > 0 && (here.Count == 0 || RunJournal.Compare(here[^1], journal[^1]) < 0);

    /// <summary>What a disk that has <paramref name="here"/> of a run has of <paramref name="journal"/>, which is not empty.</summary>
    public static JournalCopy CopyIn(IReadOnlyList<JournalEntry> here, IReadOnlyList<JournalEntry> journal) =>
        here.Count == 0 || here[0].Run != journal[0].Run
            ? JournalCopy.None
            : RunJournal.Compare(here[^1], journal[^1]) switch
            {
                0 => JournalCopy.Written,
                > 0 => JournalCopy.Further,
                _ => JournalCopy.None,
            };

    /// <summary>
    /// Whether what the last entry announces may be done: it is on a disk, this unit's or another's (a full disk is no reason to stop), and
    /// no unit that was reached says that another unit drives the run.
    /// </summary>
    public static bool IsDurable(IEnumerable<JournalCopy> copies)
    {
        var written = false;
        foreach (var copy in copies)
        {
            if (copy == JournalCopy.Further)
            {
                return false;
            }

            written |= copy == JournalCopy.Written;
        }

        return written;
    }

    /// <summary>
    /// The journal that a new driver goes on with, of its own and of those of the units that it reached; empty if none has one.
    /// </summary>
    public static IReadOnlyList<JournalEntry> Furthest(IEnumerable<IReadOnlyList<JournalEntry>> journals) =>
        journals.Aggregate((IReadOnlyList<JournalEntry>)[], RunJournal.Further);

    /// <summary>
    /// Whether a unit that has <paramref name="theirs"/> was away when the run ended, and has to be given the journal; an open run reaches
    /// everybody with its next entry.
    /// </summary>
    public static bool MustLearnEnd(IReadOnlyList<JournalEntry> best, IReadOnlyList<JournalEntry> theirs) =>
        best.Count > 0 && !RunJournal.IsOpen(best) && RunJournal.IsOpen(theirs);
}
