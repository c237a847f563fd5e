using System.Buffers;
using Hitless.Linux.Native;
using Hitless.Linux.Netlink;

namespace Hitless.Linux.Conntrack;

/// <summary>
/// One reading of the whole table (IPv4 and IPv6, all zones), datagram by datagram at the reader's pace. Disposing gives up early.
/// </summary>
public sealed class ConntrackDump : IDisposable
{
    private readonly NetlinkSocket socket = new(NetlinkProtocol.Netfilter);

    // A refresh reads the table every few seconds, for ever: the buffer is lent, so that this leaves no garbage.
    private byte[] buffer = ArrayPool<byte>.Shared.Rent(64 * 1024);

    /// <summary>Asks for the dump: of the entries, or of what is expected.</summary>
    public ConntrackDump(bool expectations = false)
    {
        var request = new NetlinkMessageWriter(stackalloc byte[32]);
        request.BeginMessage(
            expectations ? ConntrackProtocol.ExpectationGet : ConntrackProtocol.Get,
            NetlinkFlags.Request | NetlinkFlags.Dump,
            1
        );
        request.NetfilterHeader(ConntrackProtocol.FamilyUnspecified);
        request.EndMessage();
        socket.Send(request.Written);
    }

    /// <summary>Readable as long as the dump is not complete.</summary>
    public FileDescriptor Handle => socket.Handle;

    /// <summary>
    /// Receives the next datagram; the kernel has it ready. The dump is complete when the reader, at its end, is
    /// <see cref="ConntrackReader.Done"/>.
    /// </summary>
    public NetlinkReceive Receive(out ConntrackReader reader)
    {
        var result = socket.Receive(buffer, out var length);
        reader = new ConntrackReader(buffer.AsSpan(0, result == NetlinkReceive.Data ? length : 0));
        return result;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        socket.Dispose();
        if (buffer.Length > 0)
            ArrayPool<byte>.Shared.Return(buffer);
        buffer = [];
    }
}
