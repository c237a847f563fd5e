using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Hitless.Core.Sessions;
using Hitless.Linux.Native;
using Hitless.Linux.Netlink;

namespace Hitless.Linux.Sockets;

/// <summary>
/// TCP connections that programs on this unit hold in the name of other hosts (<c>tproxy</c>, IP_TRANSPARENT). The kernel's session table
/// does not tell them from those that go through: no address is translated. Its list of sockets does (<c>linux/inet_diag.h</c>).
/// </summary>
public static class TransparentConnections
{
    private const ushort ByFamily = 20; // SOCK_DIAG_BY_FAMILY
    private const int IdAt = 4; // struct inet_diag_msg: family, state, timer, retransmits; then struct inet_diag_sockid
    private const int AddressesAt = IdAt + 4;
    private const int AddressBytes = 16;
    private const uint OpenStates = (1 << 1) | (1 << 8); // TCP_ESTABLISHED, TCP_CLOSE_WAIT

    /// <summary>
    /// The keys, in zone 0, of sessions that such a socket ends: of the one that a client opened to it, and of the one that it opened to a
    /// server in the client's name, since the list does not tell who began. Empty where the kernel has no such list.
    /// </summary>
    /// <param name="isElsewhere">Whether an address (of IPv6 or not) is no unit's.</param>
    public static IReadOnlySet<SessionKey> Read(Func<bool, UInt128, bool> isElsewhere)
    {
        using var netlink = new NetlinkRequester(NetlinkProtocol.SocketDiagnosis);
        (Func<bool, UInt128, bool> IsElsewhere, HashSet<SessionKey> Keys) reading = (isElsewhere, []);
        Span<byte> buffer = stackalloc byte[128];
        foreach (var family in (ReadOnlySpan<byte>)[Libc.AddressFamilyInet, Libc.AddressFamilyInet6])
        {
            var writer = new NetlinkMessageWriter(buffer);
            writer.BeginMessage(ByFamily, NetlinkFlags.Request | NetlinkFlags.Dump, netlink.NextSequence());
            writer.Header(new Request(family, Protocols.Tcp, 0, 0, OpenStates));
            writer.EndMessage();
            _ = netlink.Query(writer.Written, ref reading, Add);
        }

        return reading.Keys;
    }

    private static void Add(NetlinkMessage message, ref (Func<bool, UInt128, bool> IsElsewhere, HashSet<SessionKey> Keys) reading)
    {
        var payload = message.Payload;
        if (message.Type != ByFamily || payload.Length < AddressesAt + (2 * AddressBytes))
            return;
        var v6 = payload[0] == Libc.AddressFamilyInet6;
        var (here, there) = (AddressAt(payload[AddressesAt..], v6), AddressAt(payload[(AddressesAt + AddressBytes)..], v6));

        // A socket of IPv6 that talks IPv4: ::ffff:a.b.c.d.
        if (v6 && here >> 32 == 0xFFFF)
            (v6, here, there) = (false, (uint)here, (uint)there);
        if (!reading.IsElsewhere(v6, here) || !reading.IsElsewhere(v6, there))
            return;
        var tuple = new SessionTuple(
            here,
            there,
            BinaryPrimitives.ReadUInt16BigEndian(payload[IdAt..]),
            BinaryPrimitives.ReadUInt16BigEndian(payload[(IdAt + 2)..])
        );
        reading.Keys.Add(new SessionKey(v6, Protocols.Tcp, 0, tuple));
        reading.Keys.Add(new SessionKey(v6, Protocols.Tcp, 0, tuple.Inverted(Protocols.Tcp)));
    }

    private static UInt128 AddressAt(ReadOnlySpan<byte> bytes, bool v6) =>
        v6 ? BinaryPrimitives.ReadUInt128BigEndian(bytes) : BinaryPrimitives.ReadUInt32BigEndian(bytes);

    /// <summary><c>struct inet_diag_req_v2</c>; the socket's identity, which a dump leaves empty, is the rest of it.</summary>
    [StructLayout(LayoutKind.Sequential, Size = 56)]
    private readonly record struct Request(byte Family, byte Protocol, byte Extensions, byte Pad, uint States);
}
