using System.Net;
using Hitless.Core.Api;
using Hitless.Core.Balance;
using Hitless.Core.Cluster;
using Hitless.Core.Keys;
using Hitless.Core.Sessions;
using Hitless.Core.Upgrade;
using Hitless.Core.Wire;
using Hitless.Daemon.Common;
using Hitless.Daemon.Control;
using Hitless.Daemon.Peers;
using Hitless.Daemon.Sessions;
using Stopwatch = System.Diagnostics.Stopwatch;

namespace Hitless.Daemon;

/// <content>Sessions: what the API asks of them, and what the units ask of each other to compare them.</content>
public sealed partial class Unit
{
    private static readonly TimeSpan CompareTimeout = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan SettleMin = TimeSpan.FromMilliseconds(30);
    private static readonly TimeSpan SettleMax = TimeSpan.FromMilliseconds(150);
    private static readonly TimeSpan AuditInterval = TimeSpan.FromSeconds(60);
    private const int RepairsMax = 2;
    private static readonly TimeSpan RemovedInterval = TimeSpan.FromSeconds(1);

    // Who wants to switch waits for no table to be read.
    private static readonly TimeSpan SwitchCompareMax = TimeSpan.FromSeconds(3);

    /// <inheritdoc/>
    public Task<SessionCount> CountSessionsAsync(CancellationToken cancel) => sessions.CountAsync();

    /// <inheritdoc/>
    public async Task<SessionList> ListSessionsAsync(string? filter, int limit, CancellationToken cancel)
    {
        SessionExpression? expression = null;
        if (filter is not null && !SessionExpression.TryParse(filter, out expression, out var wrongAt))
        {
            throw new RefusedException(
                $"\"{filter}\" is not understood at {wrongAt}",
                $"write it in nftables' words, such as: {SessionExpression.Examples}"
            );
        }

        var (total, records) = await sessions.ListAsync(limit, expression is null ? null : record => expression.Matches(record));
        var owners = await OwnersAsync(records.Select(each => each.Record.Key), cancel);
        return new SessionList(
            Name,
            total,
            [
                .. records.Select(each =>
                    SessionDiffer.Describe(each.Record, tables.IsCritical(each.Record)) with
                    {
                        Class = SessionCauses.Id(each.Verdict.Class),
                        Cause = each.Verdict.Cause == SessionCause.None ? null : SessionCauses.Id(each.Verdict.Cause),
                        ForwardedBy =
                            each.Verdict.Class == SessionClass.Local
                                ? null
                                : owners?.Of(SourceOf(each.Record.Key), DestinationOf(each.Record.Key)),
                    }
                ),
            ]
        );
    }

    private Task<FlowOwners?> OwnersAsync(IEnumerable<SessionKey> keys, CancellationToken cancel) =>
        Balance is { } balance && settings.Cluster.ActiveActive
            ? balance.Owners.ReadAsync(keys.SelectMany(key => (IPAddress[])[SourceOf(key), DestinationOf(key)]).ToHashSet(), cancel)
            : Task.FromResult<FlowOwners?>(null);

    private static IPAddress SourceOf(SessionKey key) => SessionTuple.Address(key.Original.Source, key.V6);

    private static IPAddress DestinationOf(SessionKey key) => SessionTuple.Address(key.Original.Destination, key.V6);

    /// <inheritdoc/>
    public async Task<SessionDifference> CompareSessionsAsync(string? with, CancellationToken cancel)
    {
        var view = await control.ViewAsync();
        var other = with
            ?? (view.Primary is { } primary && primary.Name != Name ? primary.Name : view.Peers.FirstOrDefault(p => p.Ready)?.Name);
        if (other is null || other == Name || view.Units.All(u => u.Name != other))
        {
            throw new RefusedException(
                other is null ? "there is no other unit to compare with" : $"there is no other unit \"{other}\"",
                $"the units are {string.Join(", ", view.Units.Select(u => u.Name))}"
            );
        }

        return await tables.CompareAsync(other, cancel);
    }

    /// <inheritdoc/>
    public async Task<ResyncResult> ResyncSessionsAsync(CancellationToken cancel)
    {
        var view = await control.ViewAsync();
        var begun = Stopwatch.GetTimestamp();
        var before = (await sessions.StatusAsync()).Bulks;
        await sessions.ResyncAsync();
        while ((await sessions.StatusAsync()).Bulks == before && Stopwatch.GetElapsedTime(begun) < CompareTimeout)
        {
            await Task.Delay(SettleMin, cancel);
        }

        var standing = await sessions.CountAsync();
        var sending = view.Self.Role == UnitRole.Primary;
        return new ResyncResult(
            sending ? Name : view.Primary?.Name ?? "",
            sending ? string.Join(", ", view.Peers.Where(p => p.Present).Select(p => p.Name)) : Name,
            standing.Total,
            Stopwatch.GetElapsedTime(begun).TotalMilliseconds
        );
    }

    /// <summary>What a switch loses now because it cannot follow: how many, and a line for each cause; null: not known.</summary>
    private async Task<(long? Lost, IReadOnlyList<string> Lines)> ForecastAsync()
    {
        if (await sessions.TallyAsync() is not { } tally)
        {
            return (
                null,
                [$"{Name} reads its session table: how many sessions cannot follow is not known (hitless sessions diff counts them)"]
            );
        }

        var (_, causes, _) = await tables.AccountAsync(tally);
        return (
            causes.Where(cause => cause.Class != SessionClassWord.Local).Sum(cause => cause.Breaking),
            SessionGate.Lines(causes, withRemedies: true)
        );
    }

    private SessionLoop OpenSessions(UnitIdentity identity, ClusterKeys keys)
    {
        return new SessionLoop(settings, keys, identity.Id, identity.Incarnation, notice => control.Post(
                notice.Kind switch
                {
                    SessionNoticeKind.Synced => ClusterInput.SessionsSynced(notice.Unit, notice.Ok),
                    SessionNoticeKind.WindowsFree => ClusterInput.WindowsFree,
                    SessionNoticeKind.SyncLost => ClusterInput.SessionsLost(),
                    SessionNoticeKind.BarrierReached => ClusterInput.BarrierReached(notice.Request, notice.Sequence),
                    SessionNoticeKind.Applied => ClusterInput.SessionsApplied(notice.Request, notice.Ok),
                    _ => ClusterInput.Drained(notice.Request),
                }
            ));
    }

    /// <summary>
    /// While this unit is primary: compares every ready standby, slowly and for ever; what has drifted is repaired, counted and told.
    /// </summary>
    private async Task AuditSessionsAsync()
    {
        while (!ending.IsCancellationRequested)
        {
            try
            {
                await Task.Delay(AuditInterval, ending.Token);
                var view = await control.ViewAsync();
                foreach (var standby in view.Self.Role == UnitRole.Primary ? view.Peers.Where(p => p.Ready) : [])
                {
                    // A unit that carries flows knows those better than this one.
                    if (Balance?.Carries(standby.Id) == true)
                    {
                        continue;
                    }

                    if (await AuditAsync(standby.Name) is > 0 and var drifted)
                    {
                        events.Add(EventKinds.Sessions, $"{drifted} sessions had drifted on {standby.Name} and were told anew");
                    }
                }
            }
            catch (PeerException)
            {
                // The standby does not answer: its heartbeats say what is the matter.
            }
            catch (OperationCanceledException) when (ending.IsCancellationRequested)
            {
                return;
            }
        }
    }

    private Task<int> AuditAsync(string standby) =>
        new SessionAudit(sessions).RunAsync(
            () => DigestsOfAsync(standby),
            (buckets, wanted) => EntriesOfAsync(standby, buckets, wanted),
            ending.Token
        );

    /// <summary>
    /// While this unit is a standby: what another program takes from its table (<c>conntrack -F</c>) is asked for again within a second.
    /// </summary>
    private async Task WatchRemovedSessionsAsync()
    {
        using var timer = new PeriodicTimer(RemovedInterval);
        for (var known = 0L; await timer.WaitForNextTickAsync(ending.Token); )
        {
            var removed = await sessions.RemovedByOthersAsync();
            if (removed == known || (await control.ViewAsync()).Primary is not { } primary || primary.Name == Name)
            {
                known = removed;
                continue;
            }

            try
            {
                var answer = await peers.CallAsync(primary.Name, SessionCalls.Audit, new PeerQuestion(Name), CompareTimeout, ending.Token);
                events.Add(
                    EventKinds.Sessions,
                    $"another program removed {removed - known} sessions from the table of {Name} (conntrack -F or -D); "
                        + $"{primary.Name} sent {answer.Drifted} of them again"
                );
                known = removed;
            }
            catch (PeerException)
            {
                // It is asked again in a second.
            }
        }
    }

    /// <summary>
    /// Before a switchover that somebody asked for: what the unit that is to carry on does not hold is sent to it once more; what it then
    /// still lacks is a reason to refuse, or, where the switchover is forced, lost.
    /// </summary>
    /// <returns>How many sessions are lost, and a line that says so, or that it is not known; null: none is.</returns>
    /// <exception cref="RefusedException">
    /// More would be lost than <c>upgrade.session-difference-limit</c> allows, or a critical one.
    /// </exception>
    private async Task<(long Lost, string? Line)> RequireSessionsAsync(string target, bool force, CancellationToken cancel)
    {
        try
        {
            var difference = await MissingAsync(target, cancel);
            for (var attempt = 0; attempt < RepairsMax && difference.Breaking > 0; attempt++)
            {
                await AuditAsync(target).WaitAsync(SwitchCompareMax, cancel);
                await tables.SettleAsync(target, cancel);
                difference = await MissingAsync(target, cancel);
            }

            if (difference.Breaking == 0)
            {
                return (0, null);
            }

            var (of, why) = ($"{difference.Breaking} of {difference.Compared} sessions", $"{target} does not hold them as {Name} does");
            var max = settings.Upgrade.SessionDifferenceLimit * Math.Max(1, difference.Compared);
            return force || (difference.Breaking <= max && difference.Critical == 0)
                ? (difference.Breaking, $"{of} are lost: {why}")
                : throw new RefusedException(
                    $"{of} would be lost: {why}",
                    "hitless sessions diff names them, hitless sessions resync sends all again; --force switches all the same"
                );
        }
        catch (Exception e) when (e is PeerException or TimeoutException)
        {
            return (0, $"whether {target} holds the sessions is not known: {e.Message}");
        }
    }

    private async Task<SessionDifference> MissingAsync(string target, CancellationToken cancel) =>
        (await tables.CompareTablesAsync(target, cancel).WaitAsync(SwitchCompareMax, cancel)).Difference;

    /// <summary>
    /// After a split: gives the unit that remains primary what only this one has, before this one takes the primary's table.
    /// </summary>
    private async Task MergeSessionsAsync(UnitId primary)
    {
        await complete.Task;
        string text;
        try
        {
            var name = (await control.ViewAsync()).Units.First(unit => unit.Id == primary).Name;
            var own = await sessions.DigestsAsync();
            var theirs = await DigestsOfAsync(name);
            var unequal = theirs is null ? [.. Enumerable.Range(0, own.Buckets)] : own.UnequalTo(theirs);
            var records = SessionRecords.ToBytes(await sessions.EntriesAsync(own.Buckets, unequal));
            var answer = await peers.CallAsync(
                name,
                SessionCalls.Merge,
                new SessionEntriesAnswer(Name, records),
                CompareTimeout,
                ending.Token
            );
            text =
                $"sessions of the split: {answer.Taken} of {Name} go on at {name}, {answer.Lost} were lost because others stand in "
                + $"their place";
        }
        catch (PeerException e)
        {
            text = $"the sessions that {Name} had alone during the split are lost: {e.Message}";
        }

        control.Post(ClusterInput.SessionsMerged(text));
    }

    // A unit of an older version reads its table only when it is asked to.
    private async Task<SessionDigests?> DigestsOfAsync(string unit)
    {
        var answer = await peers.CallAsync(
            unit,
            SessionCalls.Digests,
            new SessionDigestRequest(Name, Anew: true),
            CompareTimeout,
            ending.Token
        );
        return SessionDigests.TryParse(answer.Digests, out var digests) && digests.Buckets == SessionDigests.BucketsDefault
            ? digests
            : null;
    }

    private async Task<IReadOnlyList<SessionRecord>> EntriesOfAsync(string unit, int buckets, IReadOnlyList<int> wanted)
    {
        var answer = await peers.CallAsync(
            unit,
            SessionCalls.Entries,
            new SessionEntriesRequest(buckets, wanted),
            CompareTimeout,
            ending.Token
        );
        return SessionRecords.TryParse(answer.Records, out var records) ? records : [];
    }

    private void MapSessionCalls()
    {
        peerServer.Map(SessionCalls.Digests, async (request, _) =>
        {
            // Whether anew or not: this unit reads its table again and again.
            var digests = await sessions.DigestsAsync();
            if (request.Anew)
            {
                // An audit: it asks for nothing else.
                return new SessionDigestAnswer(Name, digests.Sessions, digests.ToBytes());
            }

            var (tally, causes, _) = await tables.AccountAsync();
            return new SessionDigestAnswer(Name, digests.Sessions, digests.ToBytes()) { Classes = tally.Classes(), Causes = causes };
        });
        peerServer.Map(SessionCalls.Audit, async (asked, _) => new SessionAuditAnswer(await AuditAsync(asked.From)));
        peerServer.Map(SessionCalls.Merge, (told, _) =>
            SessionRecords.TryParse(told.Records, out var records)
                ? sessions.MergeAsync(records)
                : throw new RefusedException(
                    $"the sessions of {told.Unit} cannot be read",
                    "look at the versions of the units: hitless status"
                )
        );
        peerServer.Map(SessionCalls.Entries, async (request, _) =>
            new SessionEntriesAnswer(
                Name,
                SessionRecords.ToBytes(
                    request.Keys is { } keys && SessionRecords.TryParseKeys(keys, out var named)
                        ? await sessions.LookUpAsync(named)
                        : await sessions.EntriesAsync(request.Buckets, request.Wanted)
                )
            )
        );
    }
}
