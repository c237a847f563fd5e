using Hitless.Core.Api;

namespace Hitless.Core.Sessions;

/// <summary>
/// Names what differs between the table of the unit that carries traffic and another's, and what becomes of it at a switch. A comparison of
/// two
/// living tables also finds what is merely on its way: compare twice and keep what is <see cref="Settled"/>.
/// </summary>
public static class SessionDiffer
{
    private const int EntriesMax = 1000;
    private const string NoHelper = "none";

    /// <summary>
    /// Compares the sessions of the unequal buckets. <paramref name="ours"/> is the reference: what only it holds is missing at the other.
    /// </summary>
    /// <param name="isCritical">Whether a session is named in <c>sessions.critical</c>.</param>
    /// <param name="young">Ours that are too young to be sent yet (<c>sessions.delay</c>); a planned switch sends them first.</param>
    public static SessionDifference Compare(
        string unit,
        string with,
        IEnumerable<SessionRecord> ours,
        IEnumerable<SessionRecord> theirs,
        long compared,
        long bytesExchanged,
        Func<SessionRecord, bool>? isCritical = null,
        IReadOnlySet<SessionKey>? young = null
    )
    {
        var reference = new Dictionary<SessionKey, SessionRecord>();
        foreach (var record in ours)
            reference[record.Key] = record;
        var entries = new List<SessionDifferenceEntry>();
        foreach (var record in theirs)
        {
            if (!reference.Remove(record.Key, out var our))
                entries.Add(Entry(SessionCauseWord.Extra, SwitchFate.NotNeeded, record, isCritical, $"{with} holds it, {unit} does not"));
            else if (Difference(unit, our, with, record) is { } found)
                entries.Add(Entry(found.Cause, found.Fate, our, isCritical, found.Detail));
        }

        foreach (var record in reference.Values)
        {
            entries.Add(
                young?.Contains(record.Key) == true
                    ? Entry(
                        SessionCauseWord.Missing,
                        SwitchFate.Survives,
                        record,
                        isCritical,
                        $"younger than sessions.delay: {unit} sends it before a planned switch"
                    )
                    : Entry(SessionCauseWord.Missing, MissingFate(record), record, isCritical, $"{unit} holds it, {with} does not")
            );
        }

        return Counted(unit, with, entries, compared, bytesExchanged);
    }

    /// <summary>
    /// The sessions of two tables (or of the same buckets of both) that are not alike: one-sided, or with another digest.
    /// </summary>
    public static HashSet<SessionKey> UnequalKeys(IEnumerable<SessionRecord> ours, IEnumerable<SessionRecord> theirs)
    {
        var digests = new Dictionary<SessionKey, ulong>();
        foreach (var record in ours)
            digests[record.Key] = record.Digest64();
        var unequal = new HashSet<SessionKey>();
        foreach (var record in theirs)
        {
            if (!digests.Remove(record.Key, out var digest) || digest != record.Digest64())
                unequal.Add(record.Key);
        }

        unequal.UnionWith(digests.Keys);
        return unequal;
    }

    /// <summary>What two comparisons, a moment apart, both found.</summary>
    public static SessionDifference Settled(SessionDifference first, SessionDifference second)
    {
        var known = first.Entries.Select(Identity).ToHashSet();
        return Counted(
            second.Unit,
            second.With,
            [.. second.Entries.Where(entry => known.Contains(Identity(entry)))],
            second.Compared,
            first.BytesExchanged + second.BytesExchanged
        );
    }

    /// <summary>With the first thousand entries at most, the critical ones first; the counts remain those of all.</summary>
    public static SessionDifference Shortened(SessionDifference difference) =>
        difference with
        {
            Entries =
            [
                .. difference
                    .Entries.OrderByDescending(entry => entry.Session.Critical)
                    .ThenBy(entry => entry.Fate.Word, StringComparer.Ordinal)
                    .Take(EntriesMax),
            ],
        };

    /// <summary>A session that does not follow, as an entry of a difference.</summary>
    /// <param name="record">The session.</param>
    /// <param name="verdict">What becomes of it.</param>
    /// <param name="unit">The unit that has it.</param>
    public static SessionDifferenceEntry Entry(in SessionRecord record, SessionVerdict verdict, string unit) =>
        new(
            SessionCauses.Id(verdict.Cause),
            verdict.Breaks ? SwitchFate.Breaks : SwitchFate.NotNeeded,
            Describe(record, verdict.Critical) with
            {
                Class = SessionCauses.Id(verdict.Class),
                Cause = SessionCauses.Id(verdict.Cause),
            },
            $"answers: {record.Reply.Text(record.Key.V6, record.Key.Protocol)}, on {unit} only"
        );

    /// <summary>A session in words.</summary>
    public static SessionEntry Describe(in SessionRecord record, bool critical = false) =>
        new(
            Protocols.Name(record.Key.Protocol),
            record.Key.Original.Text(record.Key.V6, record.Key.Protocol),
            record.Reply.Text(record.Key.V6, record.Key.Protocol),
            StateText(record),
            record.TimeoutSeconds,
            record.Mark,
            record.Key.Zone,
            critical
        );

    private static (SessionCauseWord Cause, SwitchFate Fate, string Detail)? Difference(
        string unit,
        in SessionRecord our,
        string with,
        in SessionRecord their
    )
    {
        var (v6, protocol) = (our.Key.V6, our.Key.Protocol);
        return our.Reply != their.Reply
                ? (
                    SessionCauseWord.Nat,
                    SwitchFate.Breaks,
                    $"answers: {unit} {our.Reply.Text(v6, protocol)}, {with} {their.Reply.Text(v6, protocol)}"
                )
            : our.Class != their.Class ? (SessionCauseWord.State, StateFate(our), $"{unit} {StateText(our)}, {with} {StateText(their)}")
            : our.Helper != their.Helper
                ? (SessionCauseWord.Tracking, SwitchFate.Breaks, $"helper: {unit} {HelperText(our)}, {with} {HelperText(their)}")
            : null;
    }

    private static (SessionCauseWord, string, string, int) Identity(SessionDifferenceEntry entry) =>
        (entry.Cause, entry.Session.Protocol, entry.Session.Original, entry.Session.Zone);

    private static SessionDifferenceEntry Entry(
        SessionCauseWord cause,
        SwitchFate fate,
        in SessionRecord record,
        Func<SessionRecord, bool>? isCritical,
        string detail
    ) => new(cause, fate, Describe(record, isCritical?.Invoke(record) ?? false), detail);

    private static SwitchFate MissingFate(in SessionRecord record) =>
        record.Key.Protocol switch
        {
            Protocols.Icmp or Protocols.IcmpV6 => SwitchFate.NotNeeded,
            Protocols.Tcp or Protocols.Sctp when record.Class == TcpStateClass.Closing => SwitchFate.NotNeeded,
            _ => SessionFate.BreaksWithoutEntry(record) ? SwitchFate.Breaks : SwitchFate.Survives,
        };

    private static SwitchFate StateFate(in SessionRecord record) =>
        record.Class == TcpStateClass.Closing ? SwitchFate.NotNeeded : SwitchFate.Survives;

    private static string HelperText(in SessionRecord record) => record.Helper.IsEmpty ? NoHelper : record.Helper.ToString();

    private static string StateText(in SessionRecord record) =>
        record.Tcp.State != TcpState.None ? record.Tcp.State.ToString()
        : record.Status.HasFlag(SessionStatus.Assured) ? "assured"
        : record.Status.HasFlag(SessionStatus.SeenReply) ? "replied"
        : "unreplied";

    private static SessionDifference Counted(
        string unit,
        string with,
        List<SessionDifferenceEntry> entries,
        long compared,
        long bytesExchanged
    ) =>
        new(
            unit,
            with,
            entries.Count(entry => entry.Cause == SessionCauseWord.Missing),
            entries.Count(entry => entry.Cause == SessionCauseWord.Extra),
            entries.Count(entry => entry.Cause.IsDifferent),
            entries.Count(entry => entry.Session.Critical && entry.Fate == SwitchFate.Breaks),
            bytesExchanged,
            compared,
            [.. entries.OrderByDescending(entry => entry.Session.Critical).ThenBy(entry => entry.Fate.Word, StringComparer.Ordinal)]
        )
        {
            Breaking = entries.Count(entry => entry.Fate == SwitchFate.Breaks),
        };
}
