using Hitless.Core.Wire;

namespace Hitless.Core.Sessions;

/// <summary>
/// What <see cref="SessionExchange"/> wants done. The daemon does it to the kernel and the network, the tests to tables and virtual time.
/// </summary>
public interface ISessionEffects
{
    /// <summary>Stands for every unit in <see cref="Send"/>.</summary>
    static readonly UnitId EveryUnit = UnitId.None;

    /// <summary>Sends a payload to one unit, or to <see cref="EveryUnit"/>. It may be lost.</summary>
    void Send(UnitId unit, ReadOnlySpan<byte> payload);

    /// <summary>Makes the kernel hold this session; with <paramref name="onlyIfMissing"/> an entry that stands is left alone.</summary>
    void Apply(in SessionRecord record, bool onlyIfMissing);

    /// <summary>Removes a session from the kernel.</summary>
    void Delete(in SessionKey key);

    /// <summary>A session is expected, or (<paramref name="ended"/>) no longer.</summary>
    void Expect(in SessionExpectation expectation, bool ended);

    /// <summary>
    /// Begin to read the table: each entry (of some buckets <paramref name="only"/>, if not null; others do no harm) to
    /// <see cref="SessionExchange.OnDumped"/>, at its pace, then
    /// <see cref="SessionExchange.OnDumpEnded"/>. A dump that is under way begins anew.
    /// </summary>
    void StartDump(BucketSet? only);

    /// <summary>
    /// Digests (<see cref="SessionDigests.Add(in SessionRecord)"/>) of the own table as it is after what has been told so far, without
    /// reading it; null when they are not known.
    /// </summary>
    SessionDigests? DigestsNow();

    /// <summary>Hand each expectation that stands to <see cref="SessionExchange.OnExpected"/>, before this returns.</summary>
    void TellExpectations();

    /// <summary>
    /// Take the digests of the whole own table, <paramref name="exact"/> (<see cref="SessionDigests.AddExact"/>) or not, then call
    /// <see cref="SessionExchange.OnLooked"/>. A look that is under way begins anew.
    /// </summary>
    void StartLook(UnitId unit, bool exact);

    /// <summary>Everything that stands will be told: what is to be removed at its end can only be what is held now.</summary>
    void BulkBegins();

    /// <summary>
    /// All of a unit's bulk is applied. Remove what <see cref="SessionExchange.IsMarked(ulong, in SessionKey)"/> does not know, in some
    /// buckets <paramref name="only"/> if not null, then call
    /// <see cref="SessionExchange.OnPruned"/>; with <paramref name="onlyExpectations"/> the sessions are known to be right.
    /// </summary>
    void StartPrune(UnitId unit, BucketSet? only, bool onlyExpectations);

    /// <summary>All sessions of the unit are held here, and only those.</summary>
    void Synced(UnitId unit);

    /// <summary>What was held of a unit's sessions is no longer whole: they are being asked for again.</summary>
    void SyncLost(UnitId unit);
}
