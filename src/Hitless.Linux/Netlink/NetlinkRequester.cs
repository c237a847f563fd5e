using System.Runtime.InteropServices;
using Hitless.Linux.Native;

namespace Hitless.Linux.Netlink;

/// <summary>Is given each message of an answer, inside the receive buffer, with the caller's own state.</summary>
public delegate void NetlinkMessageHandler<TState>(NetlinkMessage message, ref TState state)
    where TState : allows ref struct;

/// <summary>
/// Sends requests and reads the answers, on a socket that listens to no groups. Not for several threads at once.
/// Requests carry sequence numbers of the caller's choice (<see cref="NextSequence"/>); within one batch they must grow.
/// </summary>
public sealed class NetlinkRequester : IDisposable
{
    private static readonly TimeSpan AnswerTimeout = TimeSpan.FromSeconds(5);

    // A dump's datagrams are at most 32 KiB (NLMSG_GOODSIZE grows to it with the receiver's buffer).
    private readonly byte[] _buffer = new byte[64 * 1024];
    private readonly NetlinkSocket _socket;
    private uint _sequence;

    /// <param name="protocol">The netlink family.</param>
    /// <param name="receiveBufferBytes">As for <see cref="NetlinkSocket"/>.</param>
    /// <param name="strict">Dumps tell only what fits the request's fixed header (NETLINK_GET_STRICT_CHK), instead of everything.</param>
    public NetlinkRequester(NetlinkProtocol protocol, int receiveBufferBytes = 0, bool strict = false)
    {
        _socket = new NetlinkSocket(protocol, default, receiveBufferBytes);
        if (strict)
        {
            _socket.FilterDumps();
        }
    }

    /// <summary>A sequence number that was not used before; never 0.</summary>
    public uint NextSequence() => ++_sequence == 0 ? ++_sequence : _sequence;

    /// <summary>
    /// Sends a batch of changes and collects acknowledgements and errors until the last message that asks for one is answered.
    /// At least one message (best the last one) must carry <see cref="NetlinkFlags.Acknowledge"/>: errors are answered anyway. Allocates
    /// only on failure.
    /// </summary>
    public NetlinkResult Execute(ReadOnlySpan<byte> batch)
    {
        var (first, lastAcknowledged) = Sequences(batch);
        var result = default(NetlinkResult);
        var errno = _socket.TrySend(batch);
        if (errno != 0)
        {
            return new NetlinkResult(errno, 1, 0, first, null);
        }

        var answered = false;
        while (true)
        {
            switch (_socket.Receive(_buffer, out var bytes))
            {
                case NetlinkReceive.Data:
                    answered |= Collect(_buffer.AsSpan(0, bytes), first, lastAcknowledged, ref result);
                    break;

                // The kernel has answered before the send returned: an empty socket after an answer is the end.
                case NetlinkReceive.Empty when answered || result.Errors > 0:
                    return result;
                case NetlinkReceive.Empty when _socket.WaitReadable(AnswerTimeout):
                    break;
                default:
                    return result with { Errno = result.Errno == 0 ? Errno.NoBuffers : result.Errno, Errors = result.Errors + 1 };
            }
        }
    }

    /// <summary>
    /// Sends one request for information (a single get, or a dump) and hands each answer to <paramref name="handler"/>.
    /// A get must not carry Acknowledge together with Dump; a single get must, so that its end can be seen.
    /// An interrupted dump gives the error EAGAIN after all its messages: ask again.
    /// </summary>
    public NetlinkResult Query<TState>(ReadOnlySpan<byte> request, ref TState state, NetlinkMessageHandler<TState> handler)
        where TState : allows ref struct
    {
        var (sequence, _) = Sequences(request);
        var errno = _socket.TrySend(request);
        var result = new NetlinkResult(errno, errno == 0 ? 0 : 1, 0, sequence, null);
        while (result.Succeeded)
        {
            switch (_socket.Receive(_buffer, out var bytes))
            {
                case NetlinkReceive.Data:
                    if (Answer(_buffer.AsSpan(0, bytes), sequence, ref result, ref state, handler))
                    {
                        return result;
                    }

                    break;
                case NetlinkReceive.Empty when _socket.WaitReadable(AnswerTimeout):
                    break;
                default:
                    return result with { Errno = Errno.NoBuffers, Errors = 1 };
            }
        }

        return result;
    }

    /// <inheritdoc/>
    public void Dispose() => _socket.Dispose();

    private static bool Answer<TState>(
        ReadOnlySpan<byte> datagram,
        uint sequence,
        ref NetlinkResult result,
        ref TState state,
        NetlinkMessageHandler<TState> handler
    )
        where TState : allows ref struct
    {
        var messages = new NetlinkMessageReader(datagram);
        var interrupted = false;
        while (messages.TryRead(out var message))
        {
            if (message.Sequence != sequence)
            {
                continue;
            }

            interrupted |= Has(message, NetlinkFlags.Multi | NetlinkFlags.DumpInterrupted);
            switch (message.Type)
            {
                case NetlinkMessageType.Done:
                    result = Finish(message, result);
                    return true;
                case NetlinkMessageType.Error:
                    Count(message, ref result);
                    return true;
                default:
                    handler(message, ref state);
                    break;
            }
        }

        return false;

        NetlinkResult Finish(NetlinkMessage done, NetlinkResult before)
        {
            // A dump that fails half-way says so in its last message.
            var error = MemoryMarshal.TryRead<int>(done.Payload, out var value) ? -value : 0;
            error = error <= 0 && interrupted ? Errno.Again : Math.Max(error, 0);
            return error == 0 ? before : before with { Errno = error, Errors = 1 };
        }
    }

    private static bool Collect(ReadOnlySpan<byte> datagram, uint first, uint lastAcknowledged, ref NetlinkResult result)
    {
        var messages = new NetlinkMessageReader(datagram);
        var answered = false;
        while (messages.TryRead(out var message))
        {
            // Answers to earlier batches that timed out are no answers to this one.
            if (message.Type == NetlinkMessageType.Error && message.Sequence - first < int.MaxValue)
            {
                Count(message, ref result);
                answered |= message.Sequence == lastAcknowledged;
            }
        }

        return answered;
    }

    private static void Count(NetlinkMessage message, ref NetlinkResult result)
    {
        if (!MemoryMarshal.TryRead<int>(message.Payload, out var error) || error == 0)
        {
            result = result with { Acknowledged = result.Acknowledged + 1 };
            return;
        }

        var isFirst = result.Errno == 0;
        result = result with
        {
            Errno = isFirst ? -error : result.Errno,
            Sequence = isFirst ? message.Sequence : result.Sequence,
            KernelText = isFirst ? ExtendedText(message) : result.KernelText,
            Errors = result.Errors + 1,
        };
    }

    // struct nlmsgerr: the error, the request's header and (unless capped) its payload; then the attributes.
    private static string? ExtendedText(NetlinkMessage message)
    {
        const ushort TextAttribute = 1;
        if (!Has(message, NetlinkFlags.ExtendedAck) || message.Payload.Length < 4 + NetlinkMessageWriter.HeaderBytes)
        {
            return null;
        }

        var requestBytes = MemoryMarshal.Read<uint>(message.Payload[4..]);
        var echoed = Has(message, NetlinkFlags.Capped)
            ? NetlinkMessageWriter.HeaderBytes
            : Math.Min(requestBytes, (uint)message.Payload.Length);
        var attributes = message.Attributes(4 + (int)echoed);
        while (attributes.TryRead(out var attribute))
        {
            if (attribute.Type == TextAttribute)
            {
                return attribute.Text;
            }
        }

        return null;
    }

    private static (uint First, uint LastAcknowledged) Sequences(ReadOnlySpan<byte> batch)
    {
        var messages = new NetlinkMessageReader(batch);
        uint first = 0,
            last = 0;
        while (messages.TryRead(out var message))
        {
            first = first == 0 ? message.Sequence : first;
            last = Has(message, NetlinkFlags.Acknowledge) ? message.Sequence : last;
        }

        return last == 0 && !IsDump(batch)
            ? throw new InvalidOperationException("No message of the request asks for an acknowledgement; its end could not be seen.")
            : (first, last);
    }

    private static bool IsDump(ReadOnlySpan<byte> request) => Has(new NetlinkMessage(request), NetlinkFlags.Dump);

    // Enum.HasFlag boxes as long as the code is not optimized.
    private static bool Has(NetlinkMessage message, NetlinkFlags flags) => (message.Flags & flags) == flags;
}
