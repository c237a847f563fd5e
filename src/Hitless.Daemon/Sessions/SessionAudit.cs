using Hitless.Core.Sessions;

namespace Hitless.Daemon.Sessions;

/// <summary>
/// Looks, on the unit that carries traffic, whether a standby still holds what it was told: digests of both ledgers, then the sessions of
/// unequal buckets, and those again a moment later, because what is merely on its way is no drift. What has drifted is told anew. Each unit
/// reads its own table beside this (<see cref="TableReading"/>).
/// </summary>
public sealed class SessionAudit(SessionLoop own)
{
    // Sessions that are told one by one; with more drift than this a whole bulk is cheaper.
    private const int RepairsMax = 10_000;
    private static readonly TimeSpan SettleDelay = TimeSpan.FromMilliseconds(300);

    /// <summary>Looks once. Returns the sessions that had drifted; they are repaired when the standby has applied what follows.</summary>
    /// <param name="digests">Asks the standby for its digests; null when they cannot be had.</param>
    /// <param name="entries">Asks it for the sessions of some buckets.</param>
    /// <param name="cancel">Ends the wait between the two looks.</param>
    public async Task<int> RunAsync(
        Func<Task<SessionDigests?>> digests,
        Func<int, IReadOnlyList<int>, Task<IReadOnlyList<SessionRecord>>> entries,
        CancellationToken cancel
    )
    {
        var first = await LookAsync(digests, entries);
        if (first.Count > 0)
        {
            await Task.Delay(SettleDelay, cancel);
            first.IntersectWith(await LookAsync(digests, entries));
        }

        await own.NoteAuditAsync(first.Count);
        if (first.Count > RepairsMax)
            await own.ResyncAsync();
        else if (first.Count > 0)
            await own.RepairAsync(first);
        return first.Count;
    }

    private async Task<HashSet<SessionKey>> LookAsync(
        Func<Task<SessionDigests?>> digests,
        Func<int, IReadOnlyList<int>, Task<IReadOnlyList<SessionRecord>>> entries
    )
    {
        var asked = digests();
        var ours = await own.DigestsAsync();
        if (await asked is not { } theirs || ours.UnequalTo(theirs) is not { Count: > 0 } unequal)
            return [];
        var answer = entries(ours.Buckets, unequal);
        return SessionDiffer.UnequalKeys(await own.EntriesAsync(ours.Buckets, unequal), await answer);
    }
}
