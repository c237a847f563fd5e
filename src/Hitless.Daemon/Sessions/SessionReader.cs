using Hitless.Core.Api;
using Hitless.Core.Configuration;
using Hitless.Core.Sessions;
using Hitless.Core.Upgrade;
using Hitless.Linux.Conntrack;
using Hitless.Linux.Links;
using Hitless.Linux.Netlink;

namespace Hitless.Daemon.Sessions;

/// <summary>
/// Questions for which the table has to be read, or looked into: on a thread of its own in the unit's network namespace, so that the
/// session loop does not wait.
/// </summary>
internal static class SessionReader
{
    /// <summary>Sessions that are looked up one by one; for more of them reading the table is cheaper.</summary>
    public const int LookedUpMax = 10_000;

    public static SessionCount Count(string unit)
    {
        var byProtocol = new Dictionary<byte, long>();
        ForEach((in SessionRecord record) => byProtocol[record.Key.Protocol] = byProtocol.GetValueOrDefault(record.Key.Protocol) + 1);
        return new SessionCount(
            unit,
            byProtocol.Values.Sum(),
            byProtocol.ToDictionary(pair => Protocols.Name(pair.Key), pair => pair.Value, StringComparer.Ordinal)
        );
    }

    /// <summary>The first <paramref name="limit"/> sessions that match, and how many match.</summary>
    public static (long Total, IReadOnlyList<SessionRecord> Records) List(int limit, Func<SessionRecord, bool>? matches)
    {
        var total = 0L;
        var records = new List<SessionRecord>();
        ForEach(
            (in SessionRecord record) =>
            {
                if (matches?.Invoke(record) == false)
                    return;
                total++;
                if (records.Count < limit)
                    records.Add(record);
            }
        );
        return (total, records);
    }

    /// <summary>The replicated sessions, or those of them that are wanted.</summary>
    public static IReadOnlyList<SessionRecord> All(SessionFilter filter, Func<SessionRecord, bool>? wanted = null)
    {
        var records = new List<SessionRecord>();
        ForEach(
            (in SessionRecord record) =>
            {
                if (wanted?.Invoke(record) != false && filter.Replicates(record))
                    records.Add(record);
            }
        );
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

    /// <summary>
    /// What a switch is held against: hashes of keys, eight bytes each, where the sessions themselves would be some hundred, and all
    /// sessions counted by verdict.
    /// </summary>
    public static SessionSurvey Survey(SessionFilter filter, Func<SessionRecord, bool> isCritical)
    {
        var survey = new SessionSurvey([], [], [], [], [], new SessionTally());
        ForEach(
            (in SessionRecord record) =>
            {
                var verdict = filter.Classify(record);
                survey.Tally.Add(verdict);
                var excluded = verdict is { Class: SessionClass.Excluded, Breaks: true };
                if (!excluded && verdict.Class != SessionClass.Follow)
                    return;
                var key = record.Key.Hash64();
                (excluded ? survey.Excluded : survey.Follow).Add(key);
                if (record.TimeoutSeconds < SessionSnapshot.EndingMax.TotalSeconds)
                {
                    survey.Ending.Add(key);
                    survey.EndingSeconds.Add((int)record.TimeoutSeconds);
                }

                if (!excluded && isCritical(record))
                    survey.Critical.Add(key);
            }
        );
        return survey;
    }

    /// <summary>
    /// Some sessions of each verdict that does not follow and that a switch breaks: those of <paramref name="named"/> that still stand with
    /// it, or, where the ledger could not name them, the first that a reading finds.
    /// </summary>
    public static IReadOnlyList<(SessionRecord Record, SessionVerdict Verdict)> Breaking(
        SessionFilter filter,
        IReadOnlyList<SessionKey>? named,
        int max
    )
    {
        var found = new List<(SessionRecord Record, SessionVerdict Verdict)>();
        var counts = new int[SessionVerdict.Count];
        void Take(in SessionRecord record)
        {
            var verdict = filter.Classify(record);
            if (verdict.Breaks && counts[verdict.Packed]++ < max)
                found.Add((record, verdict));
        }

        if (named is null)
        {
            ForEach(Take);
            return found;
        }

        using var table = new ConntrackTable();
        var some = new SessionRecord[ConntrackTable.LookedUpMax];
        foreach (var keys in named.Chunk(some.Length))
        {
            foreach (ref readonly var record in some.AsSpan(0, table.TryGet(keys, some)))
                Take(record);
        }

        return found;
    }

    /// <summary>The addresses of the namespace, virtual ones left out.</summary>
    public static IReadOnlyList<OwnAddress> OwnAddresses(IReadOnlyList<PortSettings> ports)
    {
        using var addresses = new AddressTable();
        using var links = new LinkTable();
        var names = links.Read().ToDictionary(link => link.Index, link => link.Name);
        var shared = ports.ToDictionary(
            port => port.Name,
            port => port.VirtualAddresses.Select(prefix => prefix.Address).ToArray(),
            StringComparer.Ordinal
        );
        var all = shared.Values.SelectMany(each => each).ToHashSet();
        return
        [
            .. addresses
                .Read()
                .Where(each => !all.Contains(each.Prefix.Address))
                .Select(each => (each.Prefix.Address, Name: names.GetValueOrDefault(each.LinkIndex, "")))
                .Select(each => new OwnAddress(each.Address, each.Name, shared.GetValueOrDefault(each.Name, []))),
        ];
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

/// <summary>A reading of the whole table for the account of a switch.</summary>
/// <param name="Follow">Hashes of the keys of the sessions that follow.</param>
/// <param name="Critical">Of those, the critical ones.</param>
/// <param name="Excluded">Of the excluded ones, those that break.</param>
/// <param name="Ending">Of both, those that end soon unless a packet comes (<see cref="SessionSnapshot.EndingMax"/>).</param>
/// <param name="EndingSeconds">And in how many seconds each of them does.</param>
/// <param name="Tally">All sessions.</param>
public sealed record SessionSurvey(
    List<ulong> Follow,
    List<ulong> Critical,
    List<ulong> Excluded,
    List<ulong> Ending,
    List<int> EndingSeconds,
    SessionTally Tally
);
