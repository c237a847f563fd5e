using Hitless.Core.Api;
using Hitless.Core.Sessions;
using Hitless.Linux.Conntrack;
using Hitless.Linux.Netlink;

namespace Hitless.Daemon.Sessions;

/// <summary>Questions about the whole table. Each reads it once, on a thread of its own in the unit's network namespace: the session loop does not wait.</summary>
internal static class SessionReader
{
    public static SessionCount Count(string unit)
    {
        var byProtocol = new Dictionary<byte, long>();
        ForEach((in SessionRecord record) => byProtocol[record.Key.Protocol] = byProtocol.GetValueOrDefault(record.Key.Protocol) + 1);
        return new SessionCount(unit, byProtocol.Values.Sum(), byProtocol.ToDictionary(pair => Protocols.Name(pair.Key), pair => pair.Value, StringComparer.Ordinal));
    }

    /// <summary>The first <paramref name="limit"/> sessions that match, and how many match.</summary>
    public static (long Total, IReadOnlyList<SessionRecord> Records) List(int limit, Func<SessionRecord, bool>? matches)
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

    public static SessionDigests Digests(SessionFilter filter, int buckets)
    {
        var digests = new SessionDigests(buckets);
        ForEach((in SessionRecord record) =>
        {
            if (filter.Replicates(record))
                digests.Add(record);
        });
        return digests;
    }

    public static IReadOnlyList<SessionRecord> Entries(SessionFilter filter, int buckets, IReadOnlySet<int> wanted)
    {
        var records = new List<SessionRecord>();
        ForEach((in SessionRecord record) =>
        {
            if (wanted.Contains(SessionDigests.BucketOf(record.Key, buckets)) && filter.Replicates(record))
                records.Add(record);
        });
        return records;
    }

    /// <summary>Those of the sessions that stand.</summary>
    public static IReadOnlyList<SessionRecord> LookUp(SessionFilter filter, IEnumerable<SessionKey> keys)
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
