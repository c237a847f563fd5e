using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Hitless.Lab.Traffic;

/// <summary>
/// The UDP probe: one flow from a source behind SNAT, so many numbered datagrams a second; notes what comes back. Two threads, no
/// allocation.
/// </summary>
public sealed class Probe : IDisposable
{
    private const int Length = 64;
    private static readonly long StartUpLateness = 20 * TrafficClock.Millisecond;

    /// <summary>How long a way is asked for before the probe begins without an answer.</summary>
    private static readonly long WayPatience = 5000 * TrafficClock.Millisecond;
    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp) { ReceiveBufferSize = 4 << 20 };
    private readonly ArrivalLog _arrivals = new();
    private readonly Thread _sender;
    private readonly int _perSecond;
    private volatile bool _stop;
    private volatile bool _answered;
    private long _sent;
    private long _longestPause;

    /// <summary>Begins.</summary>
    public Probe(IPAddress source, IPEndPoint target, int perSecond)
    {
        _perSecond = perSecond;
        _socket.Bind(new IPEndPoint(source, 0));
        _socket.Connect(target);
        new Thread(Receive)
        {
            IsBackground = true,
            Name = "probe receive",
            Priority = ThreadPriority.Highest,
        }.Start();
        _sender = new Thread(Send)
        {
            IsBackground = true,
            Name = "probe send",
            Priority = ThreadPriority.Highest,
        };
        _sender.Start();
    }

    /// <summary>Sends no more and waits half a second for what is on its way.</summary>
    public void Finish()
    {
        _stop = true;
        _sender.Join();
        Thread.Sleep(500);
    }

    /// <summary>What happened so far.</summary>
    public ProbeClientReport Report()
    {
        var sent = Volatile.Read(ref _sent);
        return new ProbeClientReport(sent, TrafficClock.Milliseconds(0, Volatile.Read(ref _longestPause)), _arrivals.Report(sent));
    }

    /// <inheritdoc/>
    public void Dispose() => _socket.Dispose();

    private void Send()
    {
        Span<byte> datagram = stackalloc byte[Length];
        datagram.Clear();
        FindWay(datagram[..1]);
        var start = TrafficClock.Now;
        var last = start;
        while (!_stop && _sent < ArrivalLog.Capacity)
        {
            var now = TrafficClock.Now;
            if (now < start + (_sent * 1000 * TrafficClock.Millisecond / _perSecond))
            {
                Thread.Sleep(1);
                continue;
            }

            if (
                _sent < _perSecond
                && now - (start + (_sent * 1000 * TrafficClock.Millisecond / _perSecond)) is var late
                && late > StartUpLateness
            )
            {
                // Not scheduled at its own beginning: what should have gone meanwhile does not go at once, a burst that no neighbour is
                // resolved for yet.
                start += late;
            }

            BinaryPrimitives.WriteInt64LittleEndian(datagram, _sent);
            _ = _socket.Send(datagram, SocketFlags.None, out _);
            if (_sent > _perSecond)
            {
                Volatile.Write(ref _longestPause, Math.Max(_longestPause, now - last));
            }

            last = now;
            Volatile.Write(ref _sent, _sent + 1);
        }
    }

    /// <summary>
    /// A burst that no neighbour is resolved for would be dropped on its first metres: a datagram without a number, until one is back.
    /// </summary>
    private void FindWay(ReadOnlySpan<byte> unnumbered)
    {
        for (var until = TrafficClock.Now + WayPatience; !_answered && !_stop && TrafficClock.Now < until; )
        {
            _ = _socket.Send(unnumbered, SocketFlags.None, out _);
            Thread.Sleep(20);
        }
    }

    private void Receive()
    {
        Span<byte> datagram = stackalloc byte[256];
        while (true)
        {
            try
            {
                var length = _socket.Receive(datagram, SocketFlags.None, out var error);
                _answered |= error == SocketError.Success;
                if (error == SocketError.Success && length >= 8)
                {
                    _arrivals.Take(BinaryPrimitives.ReadInt64LittleEndian(datagram), TrafficClock.Now);
                }
                else if (error is SocketError.Interrupted or SocketError.OperationAborted or SocketError.NotSocket)
                {
                    return;
                }
            }
            catch (ObjectDisposedException)
            {
                return;
            }
        }
    }
}
