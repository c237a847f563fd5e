using System.Runtime.InteropServices;
using Hitless.Core.Cluster;
using Hitless.Core.Wire.Floods;
using Hitless.Linux.Native;

namespace Hitless.Linux.Sockets;

/// <summary>
/// Carries datagrams through one interface in Ethernet frames of their own type (<c>packet(7)</c>, SOCK_DGRAM): no address, no route, no
/// firewall's IP rules. They go to, and are taken from, one multicast MAC. Never waits, and once made allocates nothing. Lives in the
/// namespace of the thread that makes it.
/// </summary>
public sealed unsafe class PortSocket : IDisposable
{
    /// <summary>IEEE 802's first type for local experiments.</summary>
    private const ushort EtherType = 0x88b5;
    private const int LevelPacket = 263;
    private const int AddMembership = 1;
    private const ushort MembershipMulticast = 0;
    private const byte Outgoing = 4;

    // Our own frames that were sent since the last call, and an interface that went down; what else there is, the poller tells.
    private const int AttemptsMax = 64;
    private readonly LinkLayerAddress _to;

    /// <summary>On the interface of that number.</summary>
    /// <exception cref="IOException">No right to open it (CAP_NET_RAW), or no such interface.</exception>
    public PortSocket(int linkIndex, MacAddress group)
    {
        LinkIndex = linkIndex;
        _to = new LinkLayerAddress
        {
            Family = Libc.AddressFamilyPacket,
            Protocol = BigEndian(EtherType),
            LinkIndex = linkIndex,
            AddressBytes = MacAddress.Bytes,
        };
        var membership = new Membership
        {
            LinkIndex = linkIndex,
            Type = MembershipMulticast,
            AddressBytes = MacAddress.Bytes,
        };
        fixed (byte* target = _to.Address)
        {
            group.WriteTo(new Span<byte>(target, MacAddress.Bytes));
        }

        group.WriteTo(new Span<byte>(membership.Address, MacAddress.Bytes));
        Handle = Libc.Socket(
            Libc.AddressFamilyPacket,
            Libc.SocketDatagram | Libc.SocketCloseOnExec | Libc.SocketNonBlocking,
            BigEndian(EtherType)
        );
        var local = new LinkLayerAddress
        {
            Family = Libc.AddressFamilyPacket,
            Protocol = BigEndian(EtherType),
            LinkIndex = linkIndex,
        };
        if (
            Handle.IsInvalid
            || SealedFilter.Attach(Handle, headerBytes: 0) < 0
            || Libc.Bind(Handle, &local, (uint)sizeof(LinkLayerAddress)) < 0
            || Libc.SetSocketOption(Handle, LevelPacket, AddMembership, &membership, (uint)sizeof(Membership)) < 0
        )
        {
            var errno = Errno.Last;
            Handle.Dispose();
            throw new IOException($"cannot open a packet socket on interface {linkIndex}: {Errno.Words(errno)}");
        }
    }

    /// <summary>The interface.</summary>
    public int LinkIndex { get; }

    /// <summary>For a poller: readable when there is a datagram.</summary>
    public FileDescriptor Handle { get; }

    /// <summary>What the socket takes from now on; what lies in its buffer stays. Allocates.</summary>
    /// <returns>0, or the error number: it takes what it took before.</returns>
    public int Take(Admission admission) =>
        SealedFilter.Attach(Handle, headerBytes: 0, SealedFilter.SourceOfFrame, admission) < 0 ? Errno.Last : 0;

    /// <summary>Sends one datagram to the group.</summary>
    /// <returns>0 or the error number.</returns>
    public int Send(ReadOnlySpan<byte> datagram)
    {
        fixed (LinkLayerAddress* to = &_to)
        fixed (byte* bytes = datagram)
        {
            return Libc.SendTo(Handle, bytes, (nuint)datagram.Length, Libc.MessageDontWait, to, (uint)sizeof(LinkLayerAddress)) < 0
                ? Errno.Last
                : 0;
        }
    }

    /// <summary>
    /// Receives one datagram of somebody else, if there is one now; what is longer than <paramref name="buffer"/> is cut.
    /// <paramref name="sender"/>: the MAC that it came from.
    /// </summary>
    public bool TryReceive(Span<byte> buffer, out int length, out MacAddress sender)
    {
        LinkLayerAddress from;
        sender = default;
        length = 0;
        for (var attempt = 0; attempt < AttemptsMax; attempt++)
        {
            var fromBytes = (uint)sizeof(LinkLayerAddress);
            nint received;
            fixed (byte* bytes = buffer)
            {
                received = Libc.ReceiveFrom(Handle, bytes, (nuint)buffer.Length, Libc.MessageDontWait, &from, &fromBytes);
            }

            length = (int)received;
            if (received < 0 && Errno.Last is Errno.NetworkDown or Errno.Interrupted)
            {
                // The interface went down: told once.
                continue;
            }

            if (received < 0 || from.PacketType != Outgoing)
            {
                _ = MacAddress.TryRead(new ReadOnlySpan<byte>(from.Address, MacAddress.Bytes), out sender);
                return received >= 0;
            }
        }

        return false;
    }

    /// <inheritdoc/>
    public void Dispose() => Handle.Dispose();

    private static ushort BigEndian(ushort value) => BitConverter.IsLittleEndian ? (ushort)((value << 8) | (value >> 8)) : value;

    /// <summary><c>struct packet_mreq</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct Membership
    {
        internal int LinkIndex;
        internal ushort Type;
        internal ushort AddressBytes;
        internal fixed byte Address[8];
    }
}
