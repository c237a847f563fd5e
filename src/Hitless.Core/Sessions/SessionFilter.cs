using System.Collections.Frozen;
using System.Net;

namespace Hitless.Core.Sessions;

/// <summary>
/// What becomes of each session at a switch (<see cref="Classify"/>), and so which are replicated: those that go through the cluster and
/// that any unit can carry on. Own addresses are those that one unit
/// alone has: what begins or ends at one is that unit's own, what is translated to one is bound to it; the virtual ones are everybody's.
/// Options of <c>sessions.pickup</c> leave out whole kinds,
/// <c>sessions.exclude</c> what its expressions name.
/// </summary>
/// <param name="settings"><c>sessions:</c> of unit.yaml.</param>
/// <param name="ownAddresses">The own addresses of all units, virtual ones excluded.</param>
/// <param name="heartbeatAddresses">The addresses of all units on the heartbeat links.</param>
/// <param name="virtualAddresses">The virtual addresses; null: none.</param>
public sealed class SessionFilter(
    SessionSettings settings,
    IEnumerable<IPAddress> ownAddresses,
    IEnumerable<IPAddress> heartbeatAddresses,
    IEnumerable<IPAddress>? virtualAddresses = null
)
{
    private readonly SessionExpression[] excluded = [.. settings.Exclude];
    private readonly SessionExpression[] critical = [.. settings.Critical];
    private readonly Dictionary<uint, Place> v4 = Places(
        [.. ownAddresses, .. heartbeatAddresses],
        virtualAddresses ?? [],
        v6: false,
        number => (uint)number
    );
    private readonly Dictionary<UInt128, Place> v6 = Places(
        [.. ownAddresses, .. heartbeatAddresses],
        virtualAddresses ?? [],
        v6: true,
        number => number
    );

    /// <summary>Where an address is.</summary>
    private enum Place : byte
    {
        /// <summary>At some host.</summary>
        Elsewhere,

        /// <summary>At one unit alone.</summary>
        Own,

        /// <summary>At whichever unit is primary.</summary>
        Virtual,

        /// <summary>On the unit itself, whichever it is.</summary>
        Loopback,

        /// <summary>Link-local, multicast or broadcast: not forwarded.</summary>
        Scope,
    }

    /// <summary>
    /// TCP sessions between other hosts, in zone 0, that a program on this unit ends in their names (<c>tproxy</c>). Replaced as a whole:
    /// who reads a table beside that counts as of before or after.
    /// </summary>
    public IReadOnlySet<SessionKey> Intercepted { get; set; } = FrozenSet<SessionKey>.Empty;

    /// <summary>Whether an address (of IPv6 or not) is neither a unit's nor one that is not forwarded.</summary>
    public bool IsElsewhere(bool isV6, UInt128 address) => PlaceOf(isV6, address) == Place.Elsewhere;

    /// <summary>True when the session is sent to the others, held for them, and compared with them. Allocates nothing.</summary>
    public bool Replicates(in SessionRecord record) => CauseOf(record) is SessionCause.None or SessionCause.VirtualAddress;

    /// <summary>True when the expectation is sent to the others.</summary>
    public bool Replicates(in SessionExpectation expectation)
    {
        var isV6 = expectation.Parent.V6;
        return settings.Expectations
            && (settings.Nat || !expectation.HasNat)
            && PlaceOf(isV6, expectation.Parent.Original.Source) is Place.Elsewhere or Place.Virtual
            && PlaceOf(isV6, expectation.Parent.Original.Destination) is Place.Elsewhere or Place.Virtual
            && !Matches(excluded, new SessionRecord(expectation.Parent, default, default, 0, 0, default));
    }

    /// <summary>What becomes of the session at a switch. Allocates nothing.</summary>
    public SessionVerdict Classify(in SessionRecord record)
    {
        var cause = CauseOf(record);
        if (cause == SessionCause.None)
            return default;
        var breaks = cause switch
        {
            SessionCause.SourceAddress or SessionCause.DestinationAddress or SessionCause.Redirected => SessionFate.BreaksElsewhere(record),
            SessionCause.ExcludedByRule or SessionCause.ExcludedByPickup => SessionFate.BreaksWithoutEntry(record),
            SessionCause.VirtualAddress => record.Key.Protocol is Protocols.Tcp or Protocols.Sctp or Protocols.Dccp
                && record.Class != TcpStateClass.Closing,
            _ => false,
        };
        return new SessionVerdict(cause, breaks, breaks && cause != SessionCause.VirtualAddress && Matches(critical, record));
    }

    /// <summary>
    /// Whether sessions with this address are judged by it being somebody's: not so loopback and link-local, which every unit has.
    /// </summary>
    public static bool Matters(IPAddress address) =>
        (SessionTuple.IsV6(address) ? ScopeV6(SessionTuple.Number(address)) : ScopeV4((uint)SessionTuple.Number(address)))
        == Place.Elsewhere;

    private static bool Matches(SessionExpression[] expressions, in SessionRecord record)
    {
        foreach (var each in expressions)
        {
            if (each.Matches(record))
                return true;
        }

        return false;
    }

    private static Dictionary<TNumber, Place> Places<TNumber>(
        IEnumerable<IPAddress> own,
        IEnumerable<IPAddress> shared,
        bool v6,
        Func<UInt128, TNumber> number
    )
        where TNumber : struct
    {
        var places = new Dictionary<TNumber, Place>();
        foreach (var address in own.Where(each => SessionTuple.IsV6(each) == v6))
            places[number(SessionTuple.Number(address))] = Place.Own;
        foreach (var address in shared.Where(each => SessionTuple.IsV6(each) == v6))
            places[number(SessionTuple.Number(address))] = Place.Virtual;
        return places;
    }

    // Who speaks (the source), who was asked (the destination as it was sent), who answers, and whom the answers go to.
    private SessionCause CauseOf(in SessionRecord record)
    {
        var isV6 = record.Key.V6;
        var original = record.Key.Original;
        var source = PlaceOf(isV6, original.Source);
        if (source != Place.Elsewhere)
            return AtUnit(source);
        var asked = PlaceOf(isV6, original.Destination);
        var translated = record.HasNat;
        if (translated && record.Reply.Source != original.Destination)
        {
            var answering = PlaceOf(isV6, record.Reply.Source);
            if (answering != Place.Elsewhere)
                return asked == Place.Elsewhere ? Excluded(record) ?? SessionCause.Redirected : AtUnit(asked);
            if (asked == Place.Own)
                return Excluded(record) ?? SessionCause.DestinationAddress;
        }
        else if (asked != Place.Elsewhere)
        {
            return AtUnit(asked);
        }

        if (record.Key.Protocol == Protocols.Tcp && Intercepted is { Count: > 0 } held && held.Contains(record.Key with { Zone = 0 }))
            return Excluded(record) ?? SessionCause.Redirected;

        var bound =
            translated
            && record.Reply.Destination != original.Source
            && PlaceOf(isV6, record.Reply.Destination) is not (Place.Elsewhere or Place.Virtual);
        return Excluded(record) ?? (bound ? SessionCause.SourceAddress : SessionCause.None);
    }

    private SessionCause? Excluded(in SessionRecord record)
    {
        var wanted = record.Key.Protocol switch
        {
            Protocols.Tcp or Protocols.Sctp or Protocols.Dccp => settings.Tcp,
            _ => settings.Connectionless,
        };
        return !wanted || (!settings.Nat && record.HasNat) ? SessionCause.ExcludedByPickup
            : Matches(excluded, record) ? SessionCause.ExcludedByRule
            : null;
    }

    private static SessionCause AtUnit(Place place) =>
        place switch
        {
            Place.Virtual => SessionCause.VirtualAddress,
            Place.Scope => SessionCause.Scope,
            _ => SessionCause.OwnAddress,
        };

    private Place PlaceOf(bool isV6, UInt128 address)
    {
        var scope = isV6 ? ScopeV6(address) : ScopeV4((uint)address);
        return scope != Place.Elsewhere ? scope
            : isV6 ? v6.GetValueOrDefault(address)
            : v4.GetValueOrDefault((uint)address);
    }

    // 127.0.0.0/8; 0.0.0.0/8, 169.254.0.0/16, multicast and above.
    private static Place ScopeV4(uint address) =>
        address >> 24 == 127 ? Place.Loopback
        : address >> 24 is 0 or >= 224 || address >> 16 == 0xA9FE ? Place.Scope
        : Place.Elsewhere;

    // ::1; ::, fe80::/10, ff00::/8.
    private static Place ScopeV6(UInt128 address) =>
        address == 1 ? Place.Loopback
        : address == 0 || (uint)(address >> 118) == 0x3FA || (uint)(address >> 120) == 0xFF ? Place.Scope
        : Place.Elsewhere;
}
