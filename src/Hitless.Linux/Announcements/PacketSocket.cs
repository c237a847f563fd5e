using Hitless.Linux.Native;

namespace Hitless.Linux.Announcements;

/// <summary>Sends raw Ethernet frames through one interface; receives nothing (<c>packet(7)</c>, protocol 0).</summary>
internal sealed unsafe class PacketSocket : IDisposable
{
    private readonly FileDescriptor _handle;

    /// <exception cref="IOException">No right to open it (CAP_NET_RAW), or no such interface.</exception>
    internal PacketSocket(int linkIndex)
    {
        _handle = Libc.Socket(Libc.AddressFamilyPacket, Libc.SocketRaw | Libc.SocketCloseOnExec | Libc.SocketNonBlocking, 0);
        var address = new LinkLayerAddress { Family = Libc.AddressFamilyPacket, LinkIndex = linkIndex };
        if (_handle.IsInvalid || Libc.Bind(_handle, &address, (uint)sizeof(LinkLayerAddress)) < 0)
        {
            var errno = Errno.Last;
            _handle.Dispose();
            throw new IOException($"cannot open a packet socket on interface {linkIndex}: {Errno.Words(errno)}");
        }
    }

    /// <summary>Sends one frame with its Ethernet header.</summary>
    /// <returns>0 or the error number.</returns>
    internal int Send(ReadOnlySpan<byte> frame)
    {
        fixed (byte* bytes = frame)
        {
            return Libc.SendTo(_handle, bytes, (nuint)frame.Length, 0, null, 0) < 0 ? Errno.Last : 0;
        }
    }

    public void Dispose() => _handle.Dispose();
}
