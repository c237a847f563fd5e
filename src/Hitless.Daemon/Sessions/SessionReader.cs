using Hitless.Core.Api;
using Hitless.Core.Sessions;
using Hitless.Linux.Conntrack;
using Hitless.Linux.Netlink;
using Stopwatch = System.Diagnostics.Stopwatch;

namespace Hitless.Daemon.Sessions;

/// <summary>
/// Questions about the whole table. Each reads it once at most, on a thread of its own in the unit's network namespace: the session loop does not wait.
/// Not thread-safe.
/// </summary>
internal sealed class SessionReader
{
    /// <summary>Sessions that are looked up one by one; for more of them reading the table is cheaper.</summary>
    public const int LookedUpMax = 10_000;

    // Who has compared digests asks for the entries of the unequal buckets next: the keys that the digests were made of save a second reading.
    private static readonly TimeSpan KeysHold = TimeSpan.FromSeconds(2);
    private readonly PackedKeys keys = new();
    private long keysRead;

    public SessionCount Count(string unit)
    {
        var byProtocol = new Dictionary<byte, long>();
        ForEach((in SessionRecord record) => byProtocol[record.Key.Protocol] = byProtocol.GetValueOrDefault(record.Key.Protocol) + 1);
        return new SessionCount(unit, byProtocol.Values.Sum(), byProtocol.ToDictionary(pair => Protocols.Name(pair.Key), pair => pair.Value, StringComparer.Ordinal));
    }

    /// <summary>The first <paramref name="limit"/> sessions that match, and how many match.</summary>
    public (long Total, IReadOnlyList<SessionRecord> Records) List(int limit, Func<SessionRecord, bool>? matches)
    {
        var total = 0L;
        var records = new List<SessionRecord>();
        ForEach((in SessionRecord record) =>
        {
            if (matches?.Invoke(record) == false)
                return;
            total++;
            if (records.Count < limit)
                records.Add(record);
        });
        return (total, records);
    }

    public SessionDigests Digests(SessionFilter filter, int buckets)
    {
        var digests = new SessionDigests(buckets);
        keys.Clear();
        ForEach((in SessionRecord record) =>
        {
            if (!filter.Replicates(record))
                return;
            digests.Add(record);
            keys.Add(record.Key);
        });
        keysRead = Stopwatch.GetTimestamp();
        return digests;
    }

    /// <summary>The replicated sessions of some buckets; what has begun since digests were made a moment ago may not be among them.</summary>
    public IReadOnlyList<SessionRecord> Entries(SessionFilter filter, int buckets, IReadOnlySet<int> wanted) =>
        keysRead != 0 && Stopwatch.GetElapsedTime(keysRead) < KeysHold && keys.TryFind(buckets, wanted, LookedUpMax, out var few)
            ? LookUp(filter, few)
            : All(filter, record => wanted.Contains(SessionDigests.BucketOf(record.Key, buckets)));

    /// <summary>The replicated sessions, or those of them that are wanted.</summary>
    public IReadOnlyList<SessionRecord> All(SessionFilter filter, Func<SessionRecord, bool>? wanted = null)
    {
        var records = new List<SessionRecord>();
        ForEach((in SessionRecord record) =>
        {
            if (wanted?.Invoke(record) != false && filter.Replicates(record))
                records.Add(record);
        });
        return records;
    }

    /// <summary>Those of the sessions that stand.</summary>
    public IReadOnlyList<SessionRecord> LookUp(SessionFilter filter, IEnumerable<SessionKey> keys)
    {
        using var table = new ConntrackTable();
        var records = new List<SessionRecord>();
        foreach (var key in keys)
        {
            if (table.TryGet(key, out var record) && filter.Replicates(record))
                records.Add(record);
        }

        return records;
    }

    private delegate void Visitor(in SessionRecord record);

    private static void ForEach(Visitor visit)
    {
        using var dump = new ConntrackDump();
        while (dump.Receive(out var reader) == NetlinkReceive.Data)
        {
            while (reader.TryNext(out _, out var record))
                visit(record);
            if (reader.Done || reader.Error != 0)
                return;
        }
    }
}
