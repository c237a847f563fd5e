using System.Text;
using Hitless.Core.Wire.Floods;
using Hitless.Linux.Native;

namespace Hitless.Linux.Sockets;

/// <summary>
/// A UDP socket that never waits and, once made, allocates nothing. It may be bound before its address exists, and lives on when its
/// interface goes down and up. (An interface that is removed and made anew needs a new socket.) In the namespace of the thread that makes
/// it.
/// </summary>
public sealed unsafe class DatagramSocket : IDisposable
{
    private const int LevelIp = 0;
    private const int LevelIpv6 = 41;
    private const int IpFreeBind = 15;
    private const int IpTypeOfService = 1;
    private const int Ipv6FreeBind = 78;
    private const int Ipv6Only = 26;
    private const int Ipv6TrafficClass = 67;
    private const int NetworkControl = 0xc0;
    private const int IpReceiveErrors = 11;
    private const int Ipv6ReceiveErrors = 25;
    private const int ProtocolIcmp = 1;
    private const int ProtocolIcmpv6 = 58;
    private const int LevelRaw = 255;
    private const int IcmpFilter = 1;
    private const int EchoReplyIpv4 = 0;
    private const int EchoReplyIpv6 = 129;
    private const int AttemptsMax = 16;
    private const uint UdpHeaderBytes = 8; // RFC 768: a filter of a UDP socket sees the header first
    private const int MemoryOption = 55; // SO_MEMINFO
    private const int MemoryWords = 9; // SK_MEMINFO_VARS
    private const uint DatagramBytesMin = 512; // struct sk_buff and struct skb_shared_info take more
    private const int WaitingUnknown = 32_768;
    private readonly bool ipv6;

    /// <exception cref="IOException">The address is taken, the interface is absent, or a right is missing; the message says
    /// which.</exception>
    public DatagramSocket(DatagramEndpoint local, DatagramOptions options = default)
    {
        ipv6 = local.IsIpv6;
        var family = local.IsIpv6 ? Libc.AddressFamilyInet6 : Libc.AddressFamilyInet;
        var (type, protocol) =
            !options.EchoReplies ? (Libc.SocketDatagram, 0)
            : local.IsIpv6 ? (Libc.SocketRaw, ProtocolIcmpv6)
            : (Libc.SocketRaw, ProtocolIcmp);
        Handle = Libc.Socket(family, type | Libc.SocketNonBlocking | Libc.SocketCloseOnExec, protocol);
        Check(Handle.IsInvalid ? -1 : 0, options.EchoReplies ? "cannot open an ICMP socket" : "cannot open a UDP socket");
        if (options.EchoReplies)
        {
            Check(BlockAllBut(local.IsIpv6 ? EchoReplyIpv6 : EchoReplyIpv4, local.IsIpv6), "cannot choose the ICMP messages");
        }

        var level = local.IsIpv6 ? LevelIpv6 : LevelIp;
        Check(Libc.SetSocketOption(Handle, level, local.IsIpv6 ? Ipv6FreeBind : IpFreeBind, 1), "cannot allow to bind early");
        if (local.IsIpv6 && !options.EchoReplies)
        {
            Check(Libc.SetSocketOption(Handle, LevelIpv6, Ipv6Only, 1), "cannot bind to IPv6 only");
        }

        if (options.Interface is { } device)
        {
            fixed (byte* name = Encoding.UTF8.GetBytes(device + '\0'))
            {
                Check(
                    Libc.SetSocketOption(Handle, Libc.LevelSocket, Libc.OptionBindToDevice, name, (uint)device.Length + 1),
                    $"cannot bind to the interface {device}"
                );
            }
        }

        if (options.Refusals)
        {
            Check(Libc.SetSocketOption(Handle, level, local.IsIpv6 ? Ipv6ReceiveErrors : IpReceiveErrors, 1), "cannot ask for refusals");
        }

        if (options.Admits is { } admission)
        {
            Check(Take(admission) == 0 ? 0 : -1, "cannot filter a UDP socket");
        }

        SetBuffer(Libc.OptionReceiveBufferForce, options.ReceiveBufferBytes);
        SetBuffer(Libc.OptionSendBufferForce, options.SendBufferBytes);
        if (options.Priority > 0)
        {
            // The mark resets the priority, so it comes first.
            Check(
                Libc.SetSocketOption(Handle, level, local.IsIpv6 ? Ipv6TrafficClass : IpTypeOfService, NetworkControl),
                "cannot mark datagrams"
            );
            Check(Libc.SetSocketOption(Handle, Libc.LevelSocket, Libc.OptionPriority, options.Priority), "cannot set the priority");
        }

        fixed (byte* address = local.Bytes)
        {
            Check(Libc.Bind(Handle, address, (uint)local.Length), $"cannot bind {(options.EchoReplies ? "ICMP" : "UDP")} {local}");
        }
    }

    /// <summary>For a poller: readable when there is a datagram.</summary>
    public FileDescriptor Handle { get; }

    /// <summary>Datagrams that were dropped because they were larger than the receiver's buffer.</summary>
    public long Truncated { get; private set; }

    /// <summary>The address and port that the socket is bound to (with the port that the kernel chose, if 0 was asked for).</summary>
    public DatagramEndpoint Local
    {
        get
        {
            var bytes = stackalloc byte[DatagramEndpoint.BytesMax];
            var length = (uint)DatagramEndpoint.BytesMax;
            _ = Libc.GetSocketName(Handle, bytes, &length);
            return new DatagramEndpoint(new ReadOnlySpan<byte>(bytes, (int)length));
        }
    }

    /// <summary>
    /// Whether this machine has the address (of any port) now and may speak from it: an IPv6 one that is still looked for at others is not
    /// there yet.
    /// </summary>
    public static bool IsLocal(in DatagramEndpoint address, string device)
    {
        var family = address.IsIpv6 ? Libc.AddressFamilyInet6 : Libc.AddressFamilyInet;
        using var probe = Libc.Socket(family, Libc.SocketDatagram | Libc.SocketCloseOnExec, 0);
        fixed (byte* name = Encoding.UTF8.GetBytes(device + '\0'))
        fixed (byte* bytes = address.Bytes)
        {
            return !probe.IsInvalid
                && Libc.SetSocketOption(probe, Libc.LevelSocket, Libc.OptionBindToDevice, name, (uint)device.Length + 1) >= 0
                && Libc.Bind(probe, bytes, (uint)address.Length) >= 0;
        }
    }

    /// <summary>What the socket takes from now on; what lies in its buffer stays. Allocates.</summary>
    /// <returns>0, or the error number: it takes what it took before.</returns>
    public int Take(Admission admission) =>
        SealedFilter.Attach(Handle, UdpHeaderBytes, ipv6 ? SealedFilter.SourceOfIpv6 : SealedFilter.SourceOfIpv4, admission) < 0
            ? Errno.Last
            : 0;

    /// <summary>
    /// No more datagrams than this lie in the socket's buffer now: what they take of memory (<c>sock_diag(7)</c>, SK_MEMINFO_RMEM_ALLOC),
    /// by the least that one takes.
    /// </summary>
    public int WaitingMax
    {
        get
        {
            var memory = stackalloc uint[MemoryWords];
            var length = (uint)(MemoryWords * sizeof(uint));
            return Libc.GetSocketOption(Handle, Libc.LevelSocket, MemoryOption, memory, &length) < 0
                ? WaitingUnknown
                : (int)(memory[0] / DatagramBytesMin);
        }
    }

    /// <summary>Sends one datagram.</summary>
    /// <returns>0, or the error number: the interface is down, no route, the buffer is full (<see cref="Errno"/>).</returns>
    public int Send(in DatagramEndpoint to, ReadOnlySpan<byte> datagram)
    {
        var refusals = 0;
        fixed (byte* address = to.Bytes)
        fixed (byte* bytes = datagram)
        {
            while (Libc.SendTo(Handle, bytes, (nuint)datagram.Length, Libc.MessageDontWait, address, (uint)to.Length) < 0)
            {
                // A refusal is about an earlier datagram, and told instead of sending this one.
                var errno = Errno.Last;
                if (errno != Errno.Interrupted && (errno != Errno.ConnectionRefused || ++refusals > AttemptsMax))
                {
                    return errno;
                }
            }
        }

        return 0;
    }

    /// <summary>Receives one datagram, if there is one now.</summary>
    public bool TryReceive(Span<byte> buffer, out int length, out DatagramEndpoint from)
    {
        var address = stackalloc byte[DatagramEndpoint.BytesMax];
        for (var attempt = 0; attempt < AttemptsMax; attempt++)
        {
            var addressLength = (uint)DatagramEndpoint.BytesMax;
            nint received;
            fixed (byte* bytes = buffer)
            {
                received = Libc.ReceiveFrom(
                    Handle,
                    bytes,
                    (nuint)buffer.Length,
                    Libc.MessageDontWait | Libc.MessageTruncated,
                    address,
                    &addressLength
                );
            }

            if (received >= 0 && received <= buffer.Length)
            {
                length = (int)received;
                from = new DatagramEndpoint(new ReadOnlySpan<byte>(address, (int)Math.Min(addressLength, DatagramEndpoint.BytesMax)));
                return true;
            }

            if (received > buffer.Length)
            {
                Truncated++;
            }
            else if (Errno.Last == Errno.Again)
            {
                break;
            }

            // What else can be reported (interface down, an ICMP error) is about the past and told once: look again.
        }

        (length, from) = (0, default);
        return false;
    }

    /// <summary>
    /// The next destination whose kernel answered a datagram with "port unreachable" (<c>ip(7)</c>, IP_RECVERR), if the socket was made to
    /// ask for that. Other errors are passed over. A poller
    /// tells the socket as long as there are any.
    /// </summary>
    public bool TryReadRefusal(out DatagramEndpoint by)
    {
        const int HeaderBytes = 16;
        var address = stackalloc byte[DatagramEndpoint.BytesMax];
        var control = stackalloc byte[512];
        for (var attempt = 0; attempt < AttemptsMax; attempt++)
        {
            var message = new Libc.MessageHeader
            {
                Name = address,
                NameBytes = DatagramEndpoint.BytesMax,
                Control = control,
                ControlBytes = 512,
            };
            if (Libc.ReceiveMessage(Handle, &message, Libc.MessageErrorQueue | Libc.MessageDontWait) < 0)
            {
                by = default;
                return false;
            }

            // struct cmsghdr, then struct sock_extended_err, which begins with the error number and whence it came (2, 3: ICMP, ICMPv6).
            if (
                message.ControlBytes >= HeaderBytes + 8
                && *(int*)(control + HeaderBytes) == Errno.ConnectionRefused
                && control[HeaderBytes + 4] is 2 or 3
            )
            {
                by = new DatagramEndpoint(new ReadOnlySpan<byte>(address, (int)Math.Min(message.NameBytes, DatagramEndpoint.BytesMax)));
                return true;
            }
        }

        by = default;
        return false;
    }

    /// <inheritdoc/>
    public void Dispose() => Handle.Dispose();

    /// <summary>ICMP_FILTER (linux/icmp.h) and ICMP6_FILTER (RFC 3542 section 3.2): a bit a type, set where it is blocked.</summary>
    private int BlockAllBut(int type, bool ipv6)
    {
        Span<uint> blocked = stackalloc uint[ipv6 ? 8 : 1];
        blocked.Fill(uint.MaxValue);
        blocked[type / 32] &= ~(1u << (type % 32));
        fixed (uint* bits = blocked)
        {
            return Libc.SetSocketOption(Handle, ipv6 ? ProtocolIcmpv6 : LevelRaw, IcmpFilter, bits, (uint)blocked.Length * sizeof(uint));
        }
    }

    private void SetBuffer(int option, int bytes)
    {
        if (bytes > 0)
        {
            Check(Libc.SetSocketBuffer(Handle, option, bytes), "cannot size a socket's buffer");
        }
    }

    private void Check(int result, string what)
    {
        if (result < 0)
        {
            var errno = Errno.Last;
            Handle.Dispose();
            throw new IOException($"{what}: {Errno.Words(errno)}");
        }
    }
}
