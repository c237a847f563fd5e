using System.Text;
using Hitless.Linux.Native;

namespace Hitless.Linux.Links;

/// <summary>
/// Which number an interface has now (<c>netdevice(7)</c>, SIOCGIFINDEX), asked by name at the kernel itself: an interface that was deleted
/// and made anew, or renamed, has another one, or
/// none. Allocates nothing, and costs a microsecond. Asks in the namespace of the thread that made it.
/// </summary>
public sealed unsafe class LinkLookup : IDisposable
{
    private const uint GetInterfaceIndex = 0x8933; // SIOCGIFINDEX
    private const int NameBytes = 16; // IFNAMSIZ
    private const int RequestBytes = 40; // struct ifreq
    private readonly FileDescriptor _socket = Libc.Socket(Libc.AddressFamilyInet, Libc.SocketDatagram | Libc.SocketCloseOnExec, 0);

    /// <exception cref="IOException">The system is out of descriptors.</exception>
    public LinkLookup()
    {
        if (_socket.IsInvalid)
        {
            throw new IOException($"cannot ask for interfaces: {Errno.Words(Errno.Last)}");
        }
    }

    /// <summary>The interface's number; 0 while there is none of that name.</summary>
    public int IndexOf(string name)
    {
        var request = stackalloc byte[RequestBytes];
        new Span<byte>(request, RequestBytes).Clear();
        return
            Encoding.UTF8.TryGetBytes(name, new Span<byte>(request, NameBytes - 1), out _)
            && Libc.Control(_socket, GetInterfaceIndex, request) == 0
            ? *(int*)(request + NameBytes)
            : 0;
    }

    /// <inheritdoc/>
    public void Dispose() => _socket.Dispose();
}
