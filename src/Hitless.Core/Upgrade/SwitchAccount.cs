using Hitless.Core.Api;

namespace Hitless.Core.Upgrade;

/// <summary>
/// What became of the sessions at the changes of primary in a run, from its journal. A change that no comparison follows, or that a version
/// made which counts only what it replicates, is not known: its numbers
/// are not 0, and a sum with it is not known either.
/// </summary>
public static class SwitchAccount
{
    /// <summary>The account of the run.</summary>
    public static ReportSessions Of(IReadOnlyList<JournalEntry> journal)
    {
        var known = new List<RunSessions>();
        var notKnown = new List<string>();
        var primary = journal[0].Header!.FormerPrimary;
        var switches = 0;
        JournalEntry? open = null;
        foreach (var entry in journal)
        {
            if (entry.Kind == JournalEntryKind.Drive && entry.Unit != primary)
            {
                NoteOpen(open, notKnown, isOver: true);
                (primary, open) = (entry.Unit, entry);
                switches++;
            }

            if (entry.Sessions is not { } sessions)
                continue;
            open = null;
            known.Add(sessions);
            if (sessions.Classes is null)
                notKnown.Add($"the version that {primary} took over from does not count the sessions that are bound to a unit");
        }

        NoteOpen(open, notKnown, !RunJournal.IsOpen(journal));
        return Sum(known, notKnown) with { Switches = switches };
    }

    private static void NoteOpen(JournalEntry? change, List<string> notKnown, bool isOver)
    {
        if (change is null)
            return;
        notKnown.Add(
            isOver
                ? $"{change.Unit} became primary in epoch {change.Epoch} without a comparison of its sessions: "
                    + "those that only the former primary had are lost, and nobody knows how many"
                : $"{change.Unit} became primary in epoch {change.Epoch}, and its sessions are not compared yet"
        );
    }

    private static ReportSessions Sum(List<RunSessions> known, List<string> notKnown)
    {
        var whole = notKnown.Count == 0;
        return new ReportSessions(
            whole ? known.Sum(s => s.Before) : null,
            whole ? known.Sum(s => s.Survived) : null,
            whole ? known.Sum(s => s.Lost) : null,
            whole ? known.Sum(s => s.CriticalLost) : null
        )
        {
            UnknownSwitches = notKnown.Count,
            LostAtLeast = known.Sum(s => s.Lost),
            LostForeseen = known.Sum(s => s.LostForeseen),
            Classes = whole && known.Count > 0 ? known.Select(s => s.Classes!).Aggregate(Add) : null,
            Causes = [.. known.SelectMany(s => s.Causes).GroupBy(cause => cause.Cause).Select(group => group.Aggregate(Add))],
            NotKnown = whole ? null : string.Join("; ", notKnown),
        };
    }

    private static SessionClasses Add(SessionClasses a, SessionClasses b) =>
        new(a.Follow + b.Follow, a.Bound + b.Bound, a.Excluded + b.Excluded, a.Local + b.Local);

    private static SessionCauseCount Add(SessionCauseCount a, SessionCauseCount b) =>
        a with
        {
            Count = a.Count + b.Count,
            Breaking = a.Breaking + b.Breaking,
            Critical = a.Critical + b.Critical,
            Text = a.Text == b.Text ? a.Text : $"{a.Text}, or {b.Text}",
            Remedy = a.Remedy ?? b.Remedy,
        };
}
