using Hitless.Core.Api;

namespace Hitless.Core.Sessions;

/// <summary>How many sessions of a table have which verdict. Counting costs the same however many there are. Not thread-safe.</summary>
public sealed class SessionTally
{
    private readonly long[] counts = new long[SessionVerdict.Count];

    /// <summary>Counts a session.</summary>
    public void Add(SessionVerdict verdict) => counts[verdict.Packed & (SessionVerdict.Count - 1)]++;

    /// <summary>Takes one back.</summary>
    public void Remove(SessionVerdict verdict) => counts[verdict.Packed & (SessionVerdict.Count - 1)]--;

    /// <summary>The same counts, to be kept.</summary>
    public SessionTally Copy()
    {
        var copy = new SessionTally();
        counts.CopyTo(copy.counts, 0);
        return copy;
    }

    /// <summary>Sessions of a class.</summary>
    public long Of(SessionClass wanted) => Sum(verdict => verdict.Class == wanted);

    /// <summary>Sessions by class.</summary>
    public SessionClasses Classes() =>
        new(Of(SessionClass.Follow), Of(SessionClass.Bound), Of(SessionClass.Excluded), Of(SessionClass.Local));

    /// <summary>Sessions by cause, those that follow left out, and causes that no session has.</summary>
    /// <param name="unit">The unit that has the sessions, for the words.</param>
    public IReadOnlyList<SessionCauseCount> Causes(string unit) =>
        [
            .. SessionCauses
                .All.Where(cause => cause != SessionCause.None)
                .Select(cause => CountOf(cause, unit))
                .Where(each => each.Count > 0),
        ];

    private SessionCauseCount CountOf(SessionCause cause, string unit) =>
        new(
            SessionCauses.Id(cause),
            SessionCauses.Id(SessionCauses.ClassOf(cause)),
            Sum(verdict => verdict.Cause == cause),
            Sum(verdict => verdict.Cause == cause && verdict.Breaks),
            Sum(verdict => verdict.Cause == cause && verdict.Critical),
            SessionCauses.Text(cause, unit),
            null
        );

    private long Sum(Func<SessionVerdict, bool> wanted)
    {
        var sum = 0L;
        for (var packed = 0; packed < counts.Length; packed++)
            sum += wanted(new SessionVerdict((byte)packed)) ? counts[packed] : 0;
        return sum;
    }
}
