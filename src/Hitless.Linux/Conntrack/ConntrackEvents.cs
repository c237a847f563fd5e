using Hitless.Linux.Native;
using Hitless.Linux.Netlink;

namespace Hitless.Linux.Conntrack;

/// <summary>
/// The kernel's conntrack events (new, update, destroy; expectations too) of this thread's namespace, for as long as this object lives.
/// </summary>
public sealed class ConntrackEvents : IDisposable
{
    private const int ReceiveBufferBytes = 32 * 1024 * 1024;
    private readonly NetlinkSocket socket = new(
        NetlinkProtocol.Netfilter,
        [
            ConntrackProtocol.GroupNew,
            ConntrackProtocol.GroupUpdate,
            ConntrackProtocol.GroupDestroy,
            ConntrackProtocol.GroupExpectationNew,
            ConntrackProtocol.GroupExpectationUpdate,
            ConntrackProtocol.GroupExpectationDestroy,
        ],
        ReceiveBufferBytes
    );

    private readonly byte[] buffer = new byte[64 * 1024];
    private bool tellsNew = true;

    /// <param name="ownPort">A netlink port whose requests cause no events here; 0 for none.</param>
    public ConntrackEvents(uint ownPort = 0)
    {
        if (ownPort != 0)
            socket.Ignore(ownPort);
    }

    /// <summary>Readable when there are events.</summary>
    public FileDescriptor Handle => socket.Handle;

    /// <summary>
    /// Whether new sessions are told (they are at first). Where nobody wants to know, the kernel makes one in half the time.
    /// </summary>
    public bool TellsNew
    {
        get => tellsNew;
        set
        {
            if (value != tellsNew)
                socket.Hear(ConntrackProtocol.GroupNew, value);
            tellsNew = value;
        }
    }

    /// <summary>Receives one datagram without waiting.</summary>
    public NetlinkReceive Receive(out ConntrackReader reader)
    {
        var result = socket.Receive(buffer, out var length);
        reader = new ConntrackReader(buffer.AsSpan(0, result == NetlinkReceive.Data ? length : 0));
        return result;
    }

    /// <inheritdoc/>
    public void Dispose() => socket.Dispose();
}
