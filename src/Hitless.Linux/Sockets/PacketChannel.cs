using System.Globalization;
using Hitless.Linux.Native;

namespace Hitless.Linux.Sockets;

/// <summary>
/// One end of a private pair of sockets that keep the borders of packets (<c>unix(7)</c>, SOCK_SEQPACKET): nobody else can name, reach or
/// find it. One thread may receive while others send, one at a time.
/// </summary>
public sealed unsafe class PacketChannel : IDisposable
{
    private const int SocketPacket = 5; // SOCK_SEQPACKET
    private const int DescriptorFlagsSet = 2; // F_SETFD
    private const int CloseOnExec = 1; // FD_CLOEXEC
    private const int ShutdownBoth = 2; // SHUT_RDWR
    private const int MessageNoSignal = 0x4000; // MSG_NOSIGNAL
    private const short PollIn = 1;
    private const short PollOut = 4;
    private const int BufferBytes = 1 << 20;

    private readonly FileDescriptor _socket;
    private readonly Lock _sending = new();

    private PacketChannel(FileDescriptor socket) => _socket = socket;

    /// <summary>Makes a pair. Neither end is handed to what is executed, unless <see cref="Inherit"/> says so.</summary>
    /// <exception cref="IOException">The kernel refuses it.</exception>
    public static (PacketChannel One, PacketChannel Other) Pair()
    {
        var ends = stackalloc int[2];
        if (Libc.SocketPair(AddressFamilyUnix, SocketPacket | Libc.SocketCloseOnExec, 0, ends) < 0)
        {
            throw new IOException($"no pair of sockets: {Errno.Words(Errno.Last)}");
        }

        return (Open(ends[0]), Open(ends[1]));
    }

    private const int AddressFamilyUnix = 1;

    /// <summary>The end that a parent has left open, by its number; it is handed on to nobody. False: there is none.</summary>
    public static bool TryTakeInherited(string number, out PacketChannel? channel)
    {
        channel = null;
        if (
            !int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var descriptor)
            || Libc.Fcntl(descriptor, DescriptorFlagsSet, CloseOnExec) != 0
        )
        {
            return false;
        }

        channel = Open(descriptor);
        return true;
    }

    /// <summary>Whether what this process executes has this end too; then: its number there.</summary>
    public string Inherit(bool yes)
    {
        var descriptor = (int)_socket.DangerousGetHandle();
        _ = Libc.Fcntl(descriptor, DescriptorFlagsSet, yes ? 0 : CloseOnExec);
        return descriptor.ToString(CultureInfo.InvariantCulture);
    }

    /// <summary>Sends a packet. False: the other end has ended, or takes nothing for <paramref name="timeout"/>.</summary>
    public bool TrySend(ReadOnlySpan<byte> packet, TimeSpan timeout)
    {
        lock (_sending)
        {
            fixed (byte* bytes = packet)
            {
                while (true)
                {
                    var flags = Libc.MessageDontWait | MessageNoSignal;
                    if (Libc.SendTo(_socket, bytes, (nuint)packet.Length, flags, null, 0) >= 0)
                    {
                        return true;
                    }

                    if (Errno.Last == Errno.Interrupted)
                    {
                        continue;
                    }

                    var wait = new Libc.PollEntry { Descriptor = (int)_socket.DangerousGetHandle(), Events = PollOut };
                    if (Errno.Last != Errno.Again || Libc.Poll(&wait, 1, (int)timeout.TotalMilliseconds) <= 0)
                    {
                        return false;
                    }
                }
            }
        }
    }

    /// <summary>Waits for a packet. 0: the other end has ended, and so has this.</summary>
    /// <param name="buffer">As long as the longest packet; what is longer is cut.</param>
    public int Receive(Span<byte> buffer)
    {
        fixed (byte* bytes = buffer)
        {
            while (true)
            {
                var length = Libc.ReceiveFrom(_socket, bytes, (nuint)buffer.Length, 0, null, null);
                if (length >= 0)
                {
                    return (int)length;
                }

                if (Errno.Last != Errno.Interrupted)
                {
                    return 0;
                }
            }
        }
    }

    /// <summary>Whether a packet, or the other's end, waits to be received.</summary>
    public bool HasPacket
    {
        get
        {
            var wait = new Libc.PollEntry { Descriptor = (int)_socket.DangerousGetHandle(), Events = PollIn };
            return Libc.Poll(&wait, 1, 0) > 0;
        }
    }

    /// <summary>Ends both directions: who waits in <see cref="Receive"/> comes back.</summary>
    public void Shutdown() => _ = Libc.Shutdown(_socket, ShutdownBoth);

    /// <inheritdoc/>
    public void Dispose() => _socket.Dispose();

    private static PacketChannel Open(int descriptor)
    {
        var socket = new FileDescriptor();
        System.Runtime.InteropServices.Marshal.InitHandle(socket, descriptor);
        _ = Libc.SetSocketBuffer(socket, Libc.OptionSendBufferForce, BufferBytes);
        return new PacketChannel(socket);
    }
}
