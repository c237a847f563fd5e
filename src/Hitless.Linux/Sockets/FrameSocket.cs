using System.Buffers.Binary;
using Hitless.Linux.Native;

namespace Hitless.Linux.Sockets;

/// <summary>
/// Everything that goes through one interface, in both directions, as whole Ethernet frames (<c>packet(7)</c>, SOCK_RAW): what somebody on
/// the same wire can record and send. Never waits. In the namespace of the thread that makes it.
/// </summary>
public sealed unsafe class FrameSocket : IDisposable
{
    private const ushort EveryProtocol = 0x0003; // ETH_P_ALL
    private const byte Outgoing = 4; // PACKET_OUTGOING

    private readonly FileDescriptor _handle;

    /// <summary>On the interface of that number.</summary>
    /// <exception cref="IOException">No right to open it (CAP_NET_RAW), or no such interface.</exception>
    public FrameSocket(int linkIndex)
    {
        var protocol = BitConverter.IsLittleEndian ? BinaryPrimitives.ReverseEndianness(EveryProtocol) : EveryProtocol;
        _handle = Libc.Socket(Libc.AddressFamilyPacket, Libc.SocketRaw | Libc.SocketCloseOnExec | Libc.SocketNonBlocking, protocol);
        var local = new LinkLayerAddress
        {
            Family = Libc.AddressFamilyPacket,
            Protocol = protocol,
            LinkIndex = linkIndex,
        };
        if (_handle.IsInvalid || Libc.Bind(_handle, &local, (uint)sizeof(LinkLayerAddress)) < 0)
        {
            var errno = Errno.Last;
            _handle.Dispose();
            throw new IOException($"cannot open a packet socket on interface {linkIndex}: {Errno.Words(errno)}");
        }
    }

    /// <summary>Sends one frame with its Ethernet header.</summary>
    /// <returns>0 or the error number.</returns>
    public int Send(ReadOnlySpan<byte> frame)
    {
        fixed (byte* bytes = frame)
        {
            return Libc.SendTo(_handle, bytes, (nuint)frame.Length, Libc.MessageDontWait, null, 0) < 0 ? Errno.Last : 0;
        }
    }

    /// <summary>The next frame, cut to the buffer; <paramref name="outgoing"/>: this machine, or its bridge, sent it out.</summary>
    public bool TryReceive(Span<byte> buffer, out int length, out bool outgoing)
    {
        LinkLayerAddress from;
        var fromBytes = (uint)sizeof(LinkLayerAddress);
        nint received;
        fixed (byte* bytes = buffer)
        {
            received = Libc.ReceiveFrom(_handle, bytes, (nuint)buffer.Length, Libc.MessageDontWait, &from, &fromBytes);
        }

        (length, outgoing) = ((int)received, from.PacketType == Outgoing);
        return received >= 0;
    }

    /// <inheritdoc/>
    public void Dispose() => _handle.Dispose();
}
