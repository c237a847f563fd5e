using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Hitless.Daemon.Health;

/// <summary>
/// One ICMP echo (RFC 792, RFC 4443 section 4). What has come in time counts although this process was scheduled late: at the end of the
/// wait the socket is read once more.
/// </summary>
public static class EchoQuestion
{
    private const int HeaderBytes = 8;
    private const int PayloadBytes = 16;
    private const int BufferBytes = 1500;
    private static int last;

    /// <summary>Whether <paramref name="target"/> answers within <paramref name="patience"/>.</summary>
    /// <exception cref="SocketException">It cannot be asked: no way there, no right to send (CAP_NET_RAW).</exception>
    public static async Task<bool> AskAsync(IPAddress target, TimeSpan patience, CancellationToken cancel)
    {
        var ipv6 = target.AddressFamily == AddressFamily.InterNetworkV6;
        using var socket = new Socket(target.AddressFamily, SocketType.Raw, ipv6 ? ProtocolType.IcmpV6 : ProtocolType.Icmp);
        await socket.ConnectAsync(new IPEndPoint(target, 0), cancel);
        var question = Question(ipv6);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(patience);
        await socket.SendAsync(question, cancel);
        var buffer = new byte[BufferBytes];
        try
        {
            while (true)
            {
                var length = await socket.ReceiveAsync(buffer, limit.Token);
                if (IsAnswer(buffer.AsSpan(0, length), question, ipv6))
                {
                    return true;
                }
            }
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            while (socket.Available > 0)
            {
                if (IsAnswer(buffer.AsSpan(0, socket.Receive(buffer)), question, ipv6))
                {
                    return true;
                }
            }

            return false;
        }
    }

    /// <summary>Whether a datagram of a raw socket answers a question. An IPv4 one begins with its IP header.</summary>
    public static bool IsAnswer(ReadOnlySpan<byte> datagram, ReadOnlySpan<byte> question, bool ipv6)
    {
        var (reply, header) = ipv6 ? (129, 0) : (0, datagram.Length > 0 ? (datagram[0] & 0xf) * 4 : 0);
        return datagram.Length - header >= HeaderBytes + PayloadBytes
            && datagram[header] == reply
            && datagram.Slice(header + 4, HeaderBytes - 4 + PayloadBytes).SequenceEqual(question[4..]);
    }

    /// <summary>An echo request with a content that no other has.</summary>
    public static byte[] Question(bool ipv6)
    {
        var question = new byte[HeaderBytes + PayloadBytes];
        question[0] = (byte)(ipv6 ? 128 : 8);
        BinaryPrimitives.WriteUInt16BigEndian(question.AsSpan(4), (ushort)Environment.ProcessId);
        BinaryPrimitives.WriteUInt16BigEndian(question.AsSpan(6), (ushort)Interlocked.Increment(ref last));
        Random.Shared.NextBytes(question.AsSpan(HeaderBytes));
        if (!ipv6)
        {
            // The kernel sums up ICMPv6 itself (RFC 3542 section 3.1).
            BinaryPrimitives.WriteUInt16BigEndian(question.AsSpan(2), Checksum(question));
        }

        return question;
    }

    /// <summary>The Internet checksum (RFC 1071) of an even number of bytes.</summary>
    private static ushort Checksum(ReadOnlySpan<byte> bytes)
    {
        var sum = 0u;
        for (; bytes.Length >= 2; bytes = bytes[2..])
        {
            sum += BinaryPrimitives.ReadUInt16BigEndian(bytes);
        }

        sum = (sum >> 16) + (sum & 0xffff);
        return (ushort)~(sum + (sum >> 16));
    }
}
