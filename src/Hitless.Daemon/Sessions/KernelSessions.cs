using System.Collections.Frozen;
using System.Net;
using Hitless.Core.Configuration;
using Hitless.Core.Sessions;
using Hitless.Core.Wire;
using Hitless.Linux.Conntrack;
using Hitless.Linux.Links;
using Hitless.Linux.Netlink;
using Hitless.Linux.Polling;
using Hitless.Linux.Sockets;

namespace Hitless.Daemon.Sessions;

/// <summary>
/// The kernel's table as the session loop sees it: its events, which are told while this unit carries traffic, injections while it does
/// not, and a ledger of both.
/// </summary>
internal sealed class KernelSessions : IDisposable
{
    private const int SmallMax = 1000;
    private const int RefreshPlaces = 16_384;
    private static readonly TimeSpan FilterAge = TimeSpan.FromSeconds(10);
    private readonly UnitSettings settings;
    private readonly ConntrackTable table = new();
    private readonly ConntrackEvents events;
    private readonly Dictionary<UnitId, IReadOnlyList<IPAddress>> others = [];
    private readonly SessionKey[] due = new SessionKey[ConntrackTable.LookedUpMax];
    private readonly SessionRecord[] found = new SessionRecord[ConntrackTable.LookedUpMax];
    private SessionFilter filter;
    private bool telling;

    public KernelSessions(UnitSettings settings, Poller poller, int eventToken, ulong seed)
    {
        this.settings = settings;
        filter = ReadFilter();
        Helpers = new HelperSessions(table);
        Young = new YoungSessions(settings.Sessions.Delay, table);
        Ledger = new LedgerKeeper(table, seed);
        Translated = settings.Cluster.ActiveActive ? new TranslatedSessions(settings.KeptOnPrimary) : null;
        events = new ConntrackEvents(table.PortId);
        poller.Add(events.Handle, eventToken);
    }

    /// <summary>What helpers read along.</summary>
    public HelperSessions Helpers { get; }

    /// <summary>What is too young to be told.</summary>
    public YoungSessions Young { get; }

    /// <summary>What the table holds, without reading it.</summary>
    public LedgerKeeper Ledger { get; }

    /// <summary>How many sessions began, and got an answer, while this unit carried the traffic.</summary>
    public AnswerCount Answers { get; } = new();

    /// <summary>Whose flows are translated; null where no other unit carries flows.</summary>
    public TranslatedSessions? Translated { get; }

    /// <summary>When <see cref="OnTime"/> wants to be called next.</summary>
    public TimeSpan NextDeadline => Helpers.NextDeadline < Young.NextDeadline ? Helpers.NextDeadline : Young.NextDeadline;

    /// <summary>When <see cref="RefreshFilter"/> has something to do.</summary>
    public TimeSpan FilterDue { get; private set; }

    /// <summary>Replicated sessions that another program (<c>conntrack -F</c>) took from this unit while it carried no traffic.</summary>
    public long RemovedByOthers { get; private set; }

    /// <summary>How often the kernel had more to tell than could be kept.</summary>
    public long Overruns { get; private set; }

    public long Errors => table.Errors;

    public int LastError => table.LastError;

    public SessionFilter Filter => filter;

    /// <summary>The unit's own addresses, virtual ones excluded.</summary>
    public IReadOnlyList<IPAddress> OwnAddresses { get; private set; } = [];

    /// <summary>So few sessions that reading them is cheaper than thinking about it.</summary>
    public bool IsSmall => table.Count() < SmallMax;

    public long Count() => table.Count();

    /// <summary>The table is being filled from elsewhere.</summary>
    public bool IsFilling => !events.TellsNew;

    /// <summary>
    /// The kernel's events are told to the others, or only noted. <paramref name="several"/>: others carry flows as well.
    /// </summary>
    public void Tell(bool on, bool several = false)
    {
        Flush();
        EndFilling();
        telling = Ledger.TrustsEvents = on;
        Ledger.TrustsRequests = !on || several;
        if (on)
            return;
        Ledger.Doubt(filter.Intercepted.Where(IsSession));
        filter.Intercepted = FrozenSet<SessionKey>.Empty;
        Helpers.Clear();
        Young.Clear();
    }

    /// <summary>
    /// The table is going to be filled from elsewhere. The kernel need not tell of each session that is made here: where nobody else
    /// listens, that halves its work.
    /// </summary>
    public void BeginFilling()
    {
        Ledger.OnDeaf(true);
        events.TellsNew = false;
    }

    /// <summary>It has been filled.</summary>
    public void EndFilling()
    {
        events.TellsNew = true;
        Ledger.OnDeaf(false);
    }

    /// <summary>Hands events to the exchange, where they are to be told; false when none is left.</summary>
    public bool ReadEvents(SessionExchange exchange, ISessionEffects effects, TimeSpan now)
    {
        switch (events.Receive(out var reader))
        {
            case NetlinkReceive.Empty:
                Ledger.OnNothingTold();
                return false;
            case NetlinkReceive.Data:
                while (reader.TryNext(out var change, out var record))
                {
                    if (change is ConntrackChange.Expected or ConntrackChange.Unexpected)
                    {
                        if (telling && filter.Replicates(reader.Expectation))
                            Helpers.OnExpected(reader.Expectation, change == ConntrackChange.Unexpected, now);
                        continue;
                    }

                    var verdict = filter.Classify(record);
                    Ledger.OnTold(change, record, verdict);
                    Answers.OnTold(change, record, verdict.IsReplicated && telling);
                    Translated?.OnTold(change, record);
                    if (telling && verdict.IsReplicated)
                        Tell(change, record, exchange, effects, now);
                    else if (verdict.IsReplicated && change == ConntrackChange.Deleted && reader.Requester != 0)
                        RemovedByOthers++;
                }

                return true;
            default:
                Ledger.OnOverrun();
                Overruns++;
                if (telling)
                {
                    exchange.OnOverrun(now, effects);
                }

                return true;
        }
    }

    /// <summary>Tells what has waited long enough.</summary>
    public void OnTime(SessionExchange exchange, ISessionEffects effects, TimeSpan now)
    {
        Helpers.OnTime(now, exchange, effects);
        Young.OnTime(now, exchange, effects);
    }

    /// <summary>Tells all that waits.</summary>
    public void TellAll(SessionExchange exchange, ISessionEffects effects)
    {
        Young.OnTime(TimeSpan.MaxValue, exchange, effects);
        Helpers.TellAll(exchange, effects);
    }

    /// <summary>
    /// Looks at the timeouts of some sessions for which it is time, and tells those that traffic has refreshed. True at the end of a round;
    /// <paramref name="idle"/>: none was looked at.
    /// </summary>
    public bool Refresh(SessionExchange exchange, ISessionEffects effects, TimeSpan now, out bool idle)
    {
        var ended = Ledger.TakeDue(RefreshPlaces, due, out var count);
        idle = count == 0;
        foreach (ref readonly var record in found.AsSpan(0, table.TryGet(due.AsSpan(0, count), found)))
        {
            if (filter.Replicates(record) && !Young.Holds(record, now) && Ledger.TryRefresh(record))
                exchange.OnUpdated(record, effects);
        }

        return ended;
    }

    /// <summary>
    /// Hands sessions as they stand to a dump that the exchange asked for; at most <see cref="ConntrackTable.LookedUpMax"/>.
    /// </summary>
    public void Dump(ReadOnlySpan<SessionKey> keys, SessionExchange exchange, ISessionEffects effects, TimeSpan now)
    {
        foreach (ref readonly var record in found.AsSpan(0, table.TryGet(keys, found)))
            OnDumped(record, exchange, effects, now);
    }

    /// <summary>An entry of a dump that the exchange asked for.</summary>
    public void OnDumped(in SessionRecord record, SessionExchange exchange, ISessionEffects effects, TimeSpan now)
    {
        if (!filter.Replicates(record))
            return;
        Helpers.OnUpdated(record);
        if (!Young.Holds(record, now))
            exchange.OnDumped(record, effects);
    }

    /// <summary>Tells a session as it stands now, as if it were new; or that it does not stand.</summary>
    public void TellAnew(in SessionKey key, SessionExchange exchange, ISessionEffects effects)
    {
        exchange.OnDeleted(key, effects);
        if (table.TryGet(key, out var record) && filter.Replicates(record))
            exchange.OnUpdated(record with { IsNew = true }, effects);
    }

    /// <summary>Whether the session stands.</summary>
    public bool Holds(in SessionKey key) => table.TryGet(key, out _);

    public void Apply(in SessionRecord record, bool onlyIfMissing)
    {
        var verdict = filter.Classify(record);
        if (!verdict.IsReplicated)
            return;
        table.Put(record, onlyIfMissing);
        Ledger.OnPut(record, onlyIfMissing, verdict);
        if (!PptpCall.IsData(record))
            return;
        foreach (var expectation in PptpCall.Expectations(record))
            Expect(expectation, ended: false);
    }

    public void Delete(in SessionKey key)
    {
        table.Delete(key);
        Ledger.OnRemoved(key);
    }

    /// <summary>Its windows go on elsewhere.</summary>
    public void MakeLiberal(in SessionKey key) => table.MakeLiberal(key);

    public void Expect(in SessionExpectation expectation, bool ended)
    {
        if (!filter.Replicates(expectation))
            return;
        if (expectation.Protocol != Protocols.Gre)
            table.Expect(expectation, ended);
        else if (!ended && !expectation.HasNat)
            table.Expect(PptpCall.WithoutMap(expectation), ended: false);
    }

    /// <summary>Everything that is expected now. There is little of it, so it is read at once.</summary>
    public void ForEachExpectation(Action<SessionExpectation> each)
    {
        using var dump = new ConntrackDump(expectations: true);
        while (dump.Receive(out var reader) == NetlinkReceive.Data)
        {
            while (reader.TryNext(out var change, out _))
            {
                if (change == ConntrackChange.Expected && filter.Replicates(reader.Expectation))
                    each(reader.Expectation);
            }

            if (reader.Done || reader.Error != 0)
                return;
        }
    }

    /// <summary>The replicated sessions of a table that is small; the ledger knows them afterwards.</summary>
    public IReadOnlyList<SessionKey> ReadKeys()
    {
        Flush();
        if (!Ledger.IsWhole(filter))
        {
            Ledger.BeginReading(filter);
            using var slices = new TableSlices(filter);
            while (!slices.Done && !slices.Failed)
            {
                slices.Read();
                Ledger.OnRead(slices.Found);
            }

            if (slices.Failed)
                Ledger.AbandonReading();
            else
                Ledger.EndReading(int.MaxValue);
        }

        return Ledger.TryKeysIn(Enumerable.Range(0, SessionDigests.BucketsDefault), int.MaxValue, out var keys) ? keys : [];
    }

    /// <summary>What was applied is in the kernel when this returns, and the ledger knows what became of it.</summary>
    public void Flush()
    {
        table.Flush();
        Ledger.Settle(filter);
    }

    /// <summary>
    /// Reads the unit's own addresses, when it is time or <paramref name="atOnce"/>: true when the others are to be told, because it is
    /// time
    /// or because they have changed.
    /// </summary>
    public bool RefreshFilter(TimeSpan now, bool atOnce = false)
    {
        var isDue = now >= FilterDue;
        if (!isDue && !atOnce)
            return false;
        FilterDue = isDue ? now + FilterAge : FilterDue;
        var before = OwnAddresses;
        var read = ReadFilter();
        if (OwnAddresses.SequenceEqual(before))
            return isDue;
        filter = read;
        return true;
    }

    /// <summary>
    /// Looks which sessions programs on this unit end in other hosts' names. Returns those that have begun or ceased to be so: what becomes
    /// of them at a switch is another now.
    /// </summary>
    public IReadOnlyCollection<SessionKey> RefreshIntercepted()
    {
        var found = TransparentConnections.Read(filter.IsElsewhere);
        if (filter.Intercepted.SetEquals(found))
            return [];
        SessionKey[] changed = [.. found.Except(filter.Intercepted).Concat(filter.Intercepted.Except(found)).Where(IsSession)];
        filter.Intercepted = found;
        Ledger.Doubt(changed);
        return changed;
    }

    public void Dispose()
    {
        events.Dispose();
        table.Dispose();
    }

    /// <summary>Another unit says which addresses are its own.</summary>
    public void OnAddresses(UnitId unit, IReadOnlyList<IPAddress> addresses)
    {
        if (others.TryGetValue(unit, out var known) && known.SequenceEqual(addresses))
            return;
        others[unit] = addresses;
        filter = ReadFilter();
    }

    private void Tell(ConntrackChange change, in SessionRecord record, SessionExchange exchange, ISessionEffects effects, TimeSpan now)
    {
        if (change == ConntrackChange.Deleted)
        {
            Helpers.OnDeleted(record.Key);
            if (!Young.EndsYoung(record.Key))
                exchange.OnDeleted(record.Key, effects);
        }
        else
        {
            Helpers.OnUpdated(record);
            if (!Young.Holds(record, now))
                exchange.OnUpdated(record, effects);
        }
    }

    // Of the two keys that a socket gives one is a session's; the kernel finds an entry by the tuple of its answers as well.
    private bool IsSession(SessionKey key) => table.TryGet(key, out var record) && record.Key == key;

    private SessionFilter ReadFilter()
    {
        var shared = settings.Interfaces.SelectMany(port => port.VirtualAddresses).Select(prefix => prefix.Address).ToHashSet();
        using var addresses = new AddressTable();
        var own = addresses
            .Read()
            .Select(address => address.Prefix.Address)
            .Where(address => !shared.Contains(address) && SessionFilter.Matters(address))
            .Distinct()
            .OrderBy(SessionTuple.IsV6)
            .ThenBy(SessionTuple.Number)
            .ToList();
        OwnAddresses = own;
        return new SessionFilter(
            settings.Sessions,
            own.Concat(others.Values.SelectMany(each => each)),
            settings.SessionLinks.SelectMany(link => link.Peers.Append(link.Address)),
            shared
        )
        {
            Intercepted = filter?.Intercepted ?? FrozenSet<SessionKey>.Empty,
        };
    }
}
