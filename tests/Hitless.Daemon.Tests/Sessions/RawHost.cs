using System.Net;
using System.Net.Sockets;
using Hitless.Linux.Namespaces;
using Hitless.Linux.Native;

namespace Hitless.Daemon.Tests.Sessions;

/// <summary>
/// A host that sends and reads packets of an IP protocol by hand: this kernel has no sockets for SCTP and no tunnels of GRE, but tracks
/// both.
/// </summary>
internal sealed class RawHost(string host, string address, int protocol) : IDisposable
{
    private const int HeaderBytes = 20;

    private readonly Socket socket = NetworkNamespace.Run(host, () =>
    {
        // The platform's own constructor knows no such protocol.
        using var descriptor = Libc.Socket(Libc.AddressFamilyInet, Libc.SocketRaw | Libc.SocketCloseOnExec, protocol);
        var made = new Socket(new SafeSocketHandle(descriptor.DangerousGetHandle(), ownsHandle: true)) { ReceiveTimeout = 10_000 };
        descriptor.SetHandleAsInvalid();
        made.Bind(new IPEndPoint(IPAddress.Parse(address), 0));
        return made;
    });

    public void Send(IPAddress to, byte[] packet) => socket.SendTo(packet, new IPEndPoint(to, 0));

    /// <summary>The next packet, and whence it came.</summary>
    public byte[] Receive(out IPAddress from)
    {
        EndPoint sender = new IPEndPoint(IPAddress.Any, 0);
        var buffer = new byte[2000];
        var length = socket.ReceiveFrom(buffer, ref sender);
        from = ((IPEndPoint)sender).Address;
        return buffer[HeaderBytes..length];
    }

    public void Dispose() => socket.Dispose();
}
