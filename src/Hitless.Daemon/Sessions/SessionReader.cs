using Hitless.Core.Api;
using Hitless.Core.Sessions;
using Hitless.Linux.Conntrack;
using Hitless.Linux.Netlink;

namespace Hitless.Daemon.Sessions;

/// <summary>
/// Questions for which the table has to be read, or looked into: on a thread of its own in the unit's network namespace, so that the session loop does not wait.
/// </summary>
internal static class SessionReader
{
    /// <summary>Sessions that are looked up one by one; for more of them reading the table is cheaper.</summary>
    public const int LookedUpMax = 10_000;

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

    /// <summary>The replicated sessions, or those of them that are wanted.</summary>
    public static IReadOnlyList<SessionRecord> All(SessionFilter filter, Func<SessionRecord, bool>? wanted = null)
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
    public static IReadOnlyList<SessionRecord> LookUp(SessionFilter filter, IEnumerable<SessionKey> keys)
    {
        using var table = new ConntrackTable();
        var records = new List<SessionRecord>();
        var found = new SessionRecord[ConntrackTable.LookedUpMax];
        foreach (var some in keys.Chunk(found.Length))
        {
            foreach (ref readonly var record in found.AsSpan(0, table.TryGet(some, found)))
            {
                if (filter.Replicates(record))
                    records.Add(record);
            }
        }

        return records;
    }

    /// <summary>The hashes of the keys of the replicated sessions, and of those that are critical: eight bytes each, where the sessions themselves would be some hundred.</summary>
    public static (List<ulong> All, List<ulong> Critical) Hashes(SessionFilter filter, Func<SessionRecord, bool> isCritical)
    {
        var (all, critical) = (new List<ulong>(), new List<ulong>());
        ForEach((in SessionRecord record) =>
        {
            if (!filter.Replicates(record))
                return;
            all.Add(record.Key.Hash64());
            if (isCritical(record))
                critical.Add(all[^1]);
        });
        return (all, critical);
    }

    private delegate void Visitor(in SessionRecord record);

    // False when the kernel broke off.
    private static bool ForEach(Visitor visit)
    {
        using var dump = new ConntrackDump();
        while (dump.Receive(out var reader) == NetlinkReceive.Data)
        {
            while (reader.TryNext(out _, out var record))
                visit(record);
            if (reader.Done || reader.Error != 0)
                return reader.Done;
        }

        return false;
    }
}
