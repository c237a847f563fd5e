using Hitless.Core.Api;
using Hitless.Core.Cluster;
using Hitless.Core.Configuration;
using Hitless.Core.Sessions;
using Hitless.Core.Upgrade;
using Hitless.Daemon.Common;
using Hitless.Daemon.Control;
using Hitless.Daemon.Peers;
using Hitless.Daemon.Sessions;
using Hitless.Linux.Scheduling;
using Stopwatch = System.Diagnostics.Stopwatch;

namespace Hitless.Daemon.Upgrade;

/// <summary>Holds this unit's session table against another's, and says what it has before a switch.</summary>
public sealed class SessionTables(
    UnitSettings settings,
    ControlLoop control,
    SessionLoop sessions,
    PeerClient peers,
    SessionAccount account,
    ForwardingMonitor traffic
)
{
    private static readonly TimeSpan CompareTimeout = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan SettleMin = TimeSpan.FromMilliseconds(30);
    private static readonly TimeSpan SettleMax = TimeSpan.FromMilliseconds(150);
    private readonly string self = settings.Unit.Name;

    /// <summary>Whether <c>sessions.critical</c> names it.</summary>
    public bool IsCritical(SessionRecord record) => settings.Sessions.Critical.Any(each => each.Matches(record));

    /// <inheritdoc cref="SessionAccount.TakeAsync"/>
    public Task<(SessionTally Tally, IReadOnlyList<SessionCauseCount> Causes, IReadOnlyList<SessionDifferenceEntry> Entries)> AccountAsync(
        SessionTally? known = null
    ) => account.TakeAsync(known);

    /// <summary>
    /// Compares this unit's table with another's, and counts what no comparison sees: the sessions of whichever of the two carries the
    /// traffic that do not follow.
    /// </summary>
    public async Task<SessionDifference> CompareAsync(string with, CancellationToken cancel)
    {
        var (difference, answer) = await CompareTablesAsync(with, cancel);
        var primary = (await control.ViewAsync()).Primary?.Name;
        if (primary == with)
        {
            return SessionDiffer.Shortened(
                difference with
                {
                    ClassesOf = with,
                    Classes = answer.Classes,
                    Causes = answer.Causes,
                    Critical = difference.Critical + answer.Causes.Sum(cause => cause.Critical),
                }
            );
        }

        var (tally, causes, entries) = await account.TakeAsync();
        return SessionDiffer.Shortened(
            difference with
            {
                ClassesOf = self,
                Classes = tally.Classes(),
                Causes = causes,
                Critical = difference.Critical + causes.Sum(cause => cause.Critical),
                Entries = [.. difference.Entries, .. entries],
            }
        );
    }

    /// <summary>
    /// Compares this unit's table with another's, and what differs once more, by itself: what is only on its way is no difference.
    /// </summary>
    public async Task<(SessionDifference Difference, SessionDigestAnswer Answer)> CompareTablesAsync(string with, CancellationToken cancel)
    {
        var own = sessions.DigestsAsync();
        var answer = await peers.CallAsync(with, SessionCalls.Digests, new SessionDigestRequest(self), CompareTimeout, cancel);
        var ours = await own;
        if (!SessionDigests.TryParse(answer.Digests, out var theirs))
        {
            throw new RefusedException($"the digests of {with} cannot be read", "look at the versions of the units: hitless status");
        }

        var compared = Math.Max(ours.Sessions, answer.Sessions);
        var unequal = ours.UnequalTo(theirs);
        if (unequal.Count == 0)
        {
            return (new SessionDifference(self, with, 0, 0, 0, 0, answer.Digests.Length, compared, []), answer);
        }

        var ourEntries = sessions.EntriesAsync(ours.Buckets, unequal);
        var (theirEntries, bytes) = await AskEntriesAsync(with, new SessionEntriesRequest(ours.Buckets, unequal), cancel);
        var first = SessionDiffer.Compare(self, with, await ourEntries, theirEntries, compared, answer.Digests.Length + bytes, IsCritical);
        var keys = SessionDiffer.UnequalKeys(await ourEntries, theirEntries);
        if (keys.Count == 0)
        {
            return (first, answer);
        }

        await SettleAsync(with, cancel);
        var young = await sessions.YoungAsync(keys);
        var few = keys.Count <= SessionReader.LookedUpMax;
        var wanted = keys.Select(key => SessionDigests.BucketOf(key, ours.Buckets)).Distinct().ToList();
        ourEntries = few ? sessions.LookUpAsync(keys) : sessions.EntriesAsync(ours.Buckets, wanted);
        (theirEntries, bytes) = await AskEntriesAsync(
            with,
            new SessionEntriesRequest(ours.Buckets, wanted, few ? SessionRecords.KeysToBytes(keys) : null),
            cancel
        );
        var again = SessionDiffer.Compare(
            self,
            with,
            (await ourEntries).Where(each => keys.Contains(each.Key)),
            theirEntries.Where(each => keys.Contains(each.Key)),
            compared,
            bytes,
            IsCritical,
            young
        );
        return (SessionDiffer.Settled(first, again), answer);
    }

    /// <summary>
    /// Waits until what was on its way to a unit has arrived there; where that is not known, because it does not follow this unit or
    /// because more comes all the time, a moment.
    /// </summary>
    public async Task SettleAsync(string unit, CancellationToken cancel)
    {
        var view = await control.ViewAsync();
        var begun = Stopwatch.GetTimestamp();
        await Task.Delay(view.Self.Role == UnitRole.Primary ? SettleMin : SettleMax, cancel);
        var id = view.Units.First(each => each.Name == unit).Id;
        while (Stopwatch.GetElapsedTime(begun) < SettleMax && await sessions.LagOfAsync(id) > 0)
            await Task.Delay(SettleMin / 3, cancel);
    }

    private async Task<(IReadOnlyList<SessionRecord> Records, long Bytes)> AskEntriesAsync(
        string unit,
        SessionEntriesRequest request,
        CancellationToken cancel
    )
    {
        var answer = await peers.CallAsync(unit, SessionCalls.Entries, request, CompareTimeout, cancel);
        return SessionRecords.TryParse(answer.Records, out var records)
            ? (records, answer.Records.Length + (request.Keys?.Length ?? 0))
            : throw new RefusedException($"the sessions of {unit} cannot be read", "look at the versions of the units: hitless status");
    }

    /// <summary>The sessions that a switch should keep, and those that it cannot, now.</summary>
    public async Task<SessionSnapshot> SnapshotAsync(string run, CancellationToken cancel)
    {
        var begun = MonotonicClock.Now;
        var survey = await sessions.SurveyAsync(IsCritical);
        var (tally, causes, _) = await account.TakeAsync(survey.Tally);
        return new SessionSnapshot(run, survey.Follow, survey.Critical)
        {
            DropShare = traffic.RefusedShare(),
            Epoch = (await control.ViewAsync()).Epoch.Number,
            Excluded = survey.Excluded,
            Ending = survey.Ending,
            EndingSeconds = survey.EndingSeconds,
            AgeMs = (long)(MonotonicClock.Now - begun).TotalMilliseconds,
            Classes = tally.Classes(),
            Causes = causes,
        };
    }
}
