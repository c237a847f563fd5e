using Hitless.Core.Sessions;
using Hitless.Core.Wire;

namespace Hitless.Daemon.Sessions;

/// <content>What <see cref="TableReading"/> does to the ledger, and to the windows of the kernel's own entries.</content>
internal sealed partial class SessionEngine
{
    private readonly Dictionary<UnitId, OtherUnit> others = [];

    /// <summary>
    /// What the kernel's own entries do while the table is compared after a switch: their windows stand still, and the session goes on
    /// elsewhere.
    /// </summary>
    private enum Windows
    {
        /// <summary>None is in the way.</summary>
        Free,

        /// <summary>The next reading is to free them.</summary>
        Wanted,

        /// <summary>The reading that runs does.</summary>
        BeingFreed,
    }

    /// <summary>The table is to be read soon: the ledger does not know all, or entries have windows that stand still.</summary>
    public bool WantsReading => !kernel.IsFilling && (windows != Windows.Free || !kernel.Ledger.IsWhole(kernel.Filter));

    /// <summary>The reading that began last is the ledger's.</summary>
    public bool IsReadingValid => reading == kernel.Ledger.Readings;

    /// <summary>What the table holds, as of now; null when that is not known without reading it.</summary>
    public LedgerKeeper? Ledger
    {
        get
        {
            ReadAllEvents();
            kernel.Flush();
            return kernel.Ledger.IsWhole(kernel.Filter) ? kernel.Ledger : null;
        }
    }

    /// <summary>All sessions by what becomes of them at a switch; null when the ledger does not know all.</summary>
    public SessionTally? Tally => Ledger?.Tally();

    /// <summary>
    /// Keys of sessions that do not follow and that a switch breaks, up to <paramref name="max"/> of each verdict; null when the ledger
    /// does not know all.
    /// </summary>
    public IReadOnlyList<SessionKey>? BreakingKeys(int max)
    {
        if (Ledger is not { } ledger)
            return null;
        var keys = new List<SessionKey>();
        var some = new SessionKey[max];
        for (var packed = 0; packed < SessionVerdict.Count; packed++)
        {
            var verdict = new SessionVerdict((byte)packed);
            if (verdict.Breaks)
                keys.AddRange(some.AsSpan(0, ledger.KeysOf(verdict, some)));
        }

        return keys;
    }

    /// <summary>Whether the session waits until it is old enough to be sent.</summary>
    public bool IsYoung(in SessionKey key) => kernel.Young.Contains(key);

    /// <summary>What is known of the table now, right or not.</summary>
    public SessionDigests KnownDigests => kernel.Ledger.Digests();

    /// <summary>The whole table is going to be read beside the loop: for the ledger.</summary>
    public TableSlices BeginReading()
    {
        windows = windows == Windows.Free ? Windows.Free : Windows.BeingFreed;
        reading = kernel.Ledger.BeginReading(kernel.Filter);
        return new TableSlices(kernel.Filter);
    }

    /// <summary>Some of what the reading found.</summary>
    public void OnRead(ReadOnlySpan<SessionDigest> some)
    {
        if (!IsReadingValid)
            return;
        kernel.Ledger.OnRead(some);
        if (windows != Windows.BeingFreed)
            return;
        foreach (ref readonly var each in some)
        {
            if (each.HasWindow)
                kernel.MakeLiberal(each.Key);
        }
    }

    /// <summary>What the reading finds next is looked for after this.</summary>
    public void ForgetGone() => kernel.Ledger.ForgetGone();

    /// <summary>
    /// The reading has found all. To be called until it returns true: the ledger knows what the reading did not find, unless the kernel
    /// could not tell all that happened meanwhile.
    /// </summary>
    public bool EndReading(int places)
    {
        ReadAllEvents();
        kernel.Flush();
        if (!IsReadingValid || !kernel.Ledger.EndReading(places))
            return !IsReadingValid;
        if (windows != Windows.BeingFreed)
            return true;
        windows = Windows.Free;
        notify(new SessionNotice(SessionNoticeKind.WindowsFree));
        return true;
    }

    /// <summary>The reading has been given up.</summary>
    public void AbandonReading()
    {
        windows = windows == Windows.Free ? Windows.Free : Windows.Wanted;
        if (IsReadingValid)
            kernel.Ledger.AbandonReading();
    }

    /// <summary>Reads the unit's own addresses when it is time, or at once, and sends them to the others.</summary>
    public void RefreshFilter(bool atOnce)
    {
        if (exchange.Sending && (atOnce || now >= kernel.FilterDue))
            Repair(kernel.RefreshIntercepted());
        if (kernel.RefreshFilter(now, atOnce))
            SendAddresses(ISessionEffects.EveryUnit);
    }

    private void SendAddresses(UnitId unit)
    {
        foreach (var payload in UnitAddresses.ToPayloads(kernel.OwnAddresses))
            links.Send(unit, payload, now);
    }

    // Who has just started does not know our addresses: it is told at once, lest it has to read a table twice that is being filled.
    private void OnAddresses(in DatagramHeader from, ReadOnlySpan<byte> payload)
    {
        if (!others.TryGetValue(from.UnitId, out var other) || other.Incarnation != from.Incarnation)
        {
            others[from.UnitId] = other = new OtherUnit(from.Incarnation, new UnitAddresses());
            SendAddresses(from.UnitId);
        }

        if (other.Parts.TryTake(payload, out var addresses))
            kernel.OnAddresses(from.UnitId, addresses);
    }

    /// <summary>How long nothing is due; what lies in between is woken for by a socket.</summary>
    private TimeSpan Patience(TimeSpan until)
    {
        if (survey is not null || ((dump is not null || part is not null) && exchange.DumpMayProceed(now)))
            return TimeSpan.Zero;
        var deadline = exchange.NextDeadline < kernel.NextDeadline ? exchange.NextDeadline : kernel.NextDeadline;
        var due = kernel.FilterDue < until ? kernel.FilterDue : until;
        deadline = exchange.Sending && refreshAt < deadline ? refreshAt : deadline;
        deadline = due < deadline ? due : deadline;
        foreach (var waiter in waiters)
            deadline = waiter.Deadline < deadline ? waiter.Deadline : deadline;
        return deadline - now < IdleMax ? deadline - now : IdleMax;
    }

    private sealed record OtherUnit(Incarnation Incarnation, UnitAddresses Parts);
}
