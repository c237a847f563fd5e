using System.Buffers.Binary;
using System.Security.Cryptography;
using Hitless.Linux.Native;

namespace Hitless.Linux.Sockets;

/// <summary>
/// Asks a kernel whether it is there: ICMP echo (RFC 792, RFC 4443 section 4.1), answered without any process. An answer counts if it
/// carries this socket's random cookie. Never waits, and once made allocates nothing. Lives in the namespace of the thread that makes it.
/// </summary>
public sealed class EchoSocket : IDisposable
{
    private const int EchoBytes = 8 + sizeof(ulong) + sizeof(uint);
    private const byte Request = 8;
    private const byte Request6 = 128;
    private const byte Reply = 0;
    private const byte Reply6 = 129;
    private readonly DatagramSocket _socket;
    private readonly bool _ipv6;
    private readonly byte[] _cookie = RandomNumberGenerator.GetBytes(sizeof(ulong));
    private readonly byte[] _buffer = new byte[128];

    /// <summary>Asks from <paramref name="local"/> (its port is 0) through <paramref name="device"/> only.</summary>
    /// <exception cref="IOException">No right to open it (CAP_NET_RAW), or no such interface.</exception>
    public EchoSocket(in DatagramEndpoint local, string device)
    {
        _ipv6 = local.IsIpv6;
        _socket = new DatagramSocket(local, new DatagramOptions(device, Priority: 6, EchoReplies: true));
        if (Filter() < 0)
        {
            var errno = Errno.Last;
            _socket.Dispose();
            throw new IOException($"cannot filter an ICMP socket: {Errno.Words(errno)}");
        }
    }

    /// <summary>For a poller: readable when there is an answer.</summary>
    public FileDescriptor Handle => _socket.Handle;

    /// <summary>Sends a question of that number; the port of <paramref name="to"/> is 0.</summary>
    /// <returns>0, or the error number.</returns>
    public int Ask(in DatagramEndpoint to, uint question)
    {
        Span<byte> echo = stackalloc byte[EchoBytes];
        echo.Clear();
        echo[0] = _ipv6 ? Request6 : Request;
        _cookie.AsSpan(0, 2).CopyTo(echo[4..]);
        BinaryPrimitives.WriteUInt16BigEndian(echo[6..], (ushort)question);
        _cookie.CopyTo(echo[8..]);
        BinaryPrimitives.WriteUInt32BigEndian(echo[16..], question);

        // ICMPv6's checksum has a pseudo header, and the kernel makes it (RFC 3542 section 3.1).
        BinaryPrimitives.WriteUInt16BigEndian(echo[2..], _ipv6 ? (ushort)0 : Checksum(echo));
        return _socket.Send(to, echo);
    }

    /// <summary>
    /// The next answer to a question of this socket; false when there is none now, or when <paramref name="budget"/> packets have been
    /// read: a poller tells of the rest.
    /// </summary>
    public bool TryReceive(ref int budget, out uint question, out DatagramEndpoint from)
    {
        from = default;
        while (budget-- > 0 && _socket.TryReceive(_buffer, out var length, out from))
        {
            if (TryRead(_buffer.AsSpan(0, length), _ipv6, _cookie, out question))
            {
                return true;
            }
        }

        question = 0;
        return false;
    }

    /// <summary>
    /// The question's number, if <paramref name="packet"/> (for IPv4 with its IP header, <c>raw(7)</c>) is an echo reply with that cookie
    /// of 8 bytes.
    /// </summary>
    public static bool TryRead(ReadOnlySpan<byte> packet, bool ipv6, ReadOnlySpan<byte> cookie, out uint question)
    {
        question = 0;
        var header =
            ipv6 ? 0
            : packet.Length > 0 ? (packet[0] & 0xf) * 4
            : int.MaxValue;
        if (packet.Length < EchoBytes || packet.Length - EchoBytes < header)
        {
            return false;
        }

        var echo = packet[header..];
        question = BinaryPrimitives.ReadUInt32BigEndian(echo[16..]);
        return echo[0] == (ipv6 ? Reply6 : Reply) && echo.Slice(8, cookie.Length).SequenceEqual(cookie);
    }

    /// <inheritdoc/>
    public void Dispose() => _socket.Dispose();

    /// <summary>Answers without the cookie end in the kernel: who does not see our questions cannot flood us with answers.</summary>
    private unsafe int Filter()
    {
        // For IPv4 a raw socket sees the IP header first (raw(7)), whose length is in its first byte.
        var load = _ipv6 ? FilterStep.LoadWord : FilterStep.LoadWordAtIndex;
        Span<FilterStep> steps =
        [
            _ipv6 ? new(FilterStep.SetIndex, 0, 0, 0) : new(FilterStep.LoadHeaderLength, 0, 0, 0),
            new(load, 0, 0, 8),
            new(FilterStep.JumpIfEqual, 0, 3, BinaryPrimitives.ReadUInt32BigEndian(_cookie)),
            new(load, 0, 0, 12),
            new(FilterStep.JumpIfEqual, 0, 1, BinaryPrimitives.ReadUInt32BigEndian(_cookie.AsSpan(4))),
            new(FilterStep.Answer, 0, 0, uint.MaxValue),
            new(FilterStep.Answer, 0, 0, 0),
        ];
        return SealedFilter.Attach(Handle, steps);
    }

    /// <summary>RFC 1071.</summary>
    private static ushort Checksum(ReadOnlySpan<byte> bytes)
    {
        var sum = 0u;
        for (var i = 0; i < bytes.Length; i += 2)
        {
            sum += BinaryPrimitives.ReadUInt16BigEndian(bytes[i..]);
        }

        sum = (sum & 0xffff) + (sum >> 16);
        return (ushort)~((sum & 0xffff) + (sum >> 16));
    }
}
