using System.Net;
using Hitless.Core.Sessions;
using Hitless.Linux.Conntrack;
using Hitless.Linux.Namespaces;

namespace Hitless.Lab.Tests.Clusters;

/// <summary>
/// Sessions without traffic, written into a unit's kernel by a socket that is not the unit's own: half of them TCP, behind translation,
/// half UDP.
/// </summary>
internal static class PlantedSessions
{
    private static readonly UInt128 Inside = SessionTuple.Number(IPAddress.Parse("172.16.0.1"));
    private static readonly UInt128 Outside = SessionTuple.Number(IPAddress.Parse("192.0.2.1"));
    private static readonly UInt128 Gateway = SessionTuple.Number(IPAddress.Parse("10.10.2.1"));

    /// <summary>Makes them in a namespace.</summary>
    public static void Put(string unit, int count) => Change(unit, table =>
        {
            for (var number = 0; number < count; number++)
                table.Put(Session(number) with { IsNew = true });
        });

    /// <summary>Changes a unit's table behind its back.</summary>
    public static void Change(string unit, Action<ConntrackTable> change) => NetworkNamespace.Run(unit, () =>
        {
            using var table = new ConntrackTable();
            change(table);
            table.Flush();
        });

    /// <summary>The session of a number.</summary>
    public static SessionRecord Session(int number)
    {
        var protocol = number % 2 == 0 ? Protocols.Tcp : Protocols.Udp;
        var original = new SessionTuple(
            Inside + (UInt128)(number / 50_000),
            Outside + (UInt128)(number / 50_000),
            (ushort)(number % 50_000 + 2000),
            443
        );
        var reply = original.Inverted(protocol);
        return new SessionRecord(
            new SessionKey(false, protocol, 0, original),
            number % 2 == 0 ? reply with { Destination = Gateway } : reply,
            SessionStatus.Confirmed | SessionStatus.SeenReply | SessionStatus.Assured,
            100_000,
            0,
            number % 2 == 0 ? new TcpProgress(TcpState.Established, 3, 3, 7, 7) : default
        );
    }
}
