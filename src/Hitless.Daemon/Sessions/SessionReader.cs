using System.Buffers;
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

    private const int AtOnce = 512;

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

    /// <summary>Reads the replicated sessions for a ledger, and hands them over piece by piece; who is told gives each array back to the shared pool. False when the kernel broke off.</summary>
    public static bool TryReadAll(SessionFilter filter, Action<SessionDigest[], int> tell)
    {
        var piece = ArrayPool<SessionDigest>.Shared.Rent(AtOnce);
        var count = 0;
        var complete = ForEach((in SessionRecord record) =>
        {
            if (!filter.Replicates(record))
                return;
            piece[count++] = new SessionDigest(record.Key, record.Digest64());
            if (count < AtOnce)
                return;
            tell(piece, count);
            (piece, count) = (ArrayPool<SessionDigest>.Shared.Rent(AtOnce), 0);
        });
        tell(piece, count);
        return complete;
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
        foreach (var key in keys)
        {
            if (table.TryGet(key, out var record) && filter.Replicates(record))
                records.Add(record);
        }

        return records;
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
