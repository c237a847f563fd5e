using System.Net;
using Hitless.Core.Configuration;

namespace Hitless.Core.Sessions;

/// <summary>
/// Which sessions follow a switch: those that go through the cluster. Not a unit's own: to or from one of its own addresses (the virtual
/// ones are everybody's), loopback, link-local, multicast, the heartbeat networks. Options of <c>sessions.pickup</c> leave out whole kinds, <c>sessions.exclude</c> what its expressions name.
/// </summary>
/// <param name="settings"><c>sessions:</c> of unit.yaml.</param>
/// <param name="ownAddresses">The unit's own addresses, virtual ones excluded.</param>
/// <param name="heartbeatAddresses">The addresses of all units on the heartbeat links.</param>
public sealed class SessionFilter(SessionSettings settings, IEnumerable<IPAddress> ownAddresses, IEnumerable<IPAddress> heartbeatAddresses)
{
    private readonly HashSet<uint> ownV4 = [.. ownAddresses.Concat(heartbeatAddresses).Where(each => !SessionTuple.IsV6(each)).Select(each => (uint)SessionTuple.Number(each))];
    private readonly SessionExpression[] excluded = [.. settings.Exclude];
    private readonly HashSet<UInt128> ownV6 = [.. ownAddresses.Concat(heartbeatAddresses).Where(SessionTuple.IsV6).Select(SessionTuple.Number)];

    /// <summary>True when the session is told to the others, held for them, and compared with them.</summary>
    public bool Replicates(in SessionRecord record)
    {
        var wanted = record.Key.Protocol switch
        {
            Protocols.Tcp or Protocols.Sctp or Protocols.Dccp => settings.Tcp,
            _ => settings.Connectionless,
        };
        var v6 = record.Key.V6;
        return wanted && (settings.Nat || !record.HasNat)
            && !IsLocal(v6, record.Key.Original.Source) && !IsLocal(v6, record.Key.Original.Destination)
            && !IsLocal(v6, record.Reply.Source) && !IsLocal(v6, record.Reply.Destination)
            && !IsExcluded(record);
    }

    /// <summary>True when the expectation is told to the others.</summary>
    public bool Replicates(in SessionExpectation expectation)
    {
        var v6 = expectation.Parent.V6;
        return settings.Expectations && (settings.Nat || !expectation.HasNat)
            && !IsLocal(v6, expectation.Parent.Original.Source) && !IsLocal(v6, expectation.Parent.Original.Destination)
            && !IsExcluded(new SessionRecord(expectation.Parent, default, default, 0, 0, default));
    }

    private bool IsExcluded(in SessionRecord record)
    {
        foreach (var each in excluded)
        {
            if (each.Matches(record))
                return true;
        }

        return false;
    }

    private bool IsLocal(bool v6, UInt128 address) => v6
        ? IsLocalScopeV6(address) || ownV6.Contains(address)
        : IsLocalScopeV4((uint)address) || ownV4.Contains((uint)address);

    // 0.0.0.0/8, 127.0.0.0/8, 169.254.0.0/16, multicast and above.
    private static bool IsLocalScopeV4(uint address) => address >> 24 is 0 or 127 or >= 224 || address >> 16 == 0xA9FE;

    // ::/127, fe80::/10, ff00::/8.
    private static bool IsLocalScopeV6(UInt128 address) => address <= 1 || (uint)(address >> 118) == 0x3FA || (uint)(address >> 120) == 0xFF;
}
