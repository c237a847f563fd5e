using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Hitless.Lab.Traffic;

/// <summary>Sends each datagram of the probe back at once and notes its arrival. One thread, no allocation.</summary>
public sealed class ProbeEcho : IDisposable
{
    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp) { ReceiveBufferSize = 4 << 20 };
    private readonly ArrivalLog _arrivals = new();
    private long _highest = -1;

    /// <summary>Listens from now on.</summary>
    public ProbeEcho(int port)
    {
        _socket.Bind(new IPEndPoint(IPAddress.Any, port));
        new Thread(Run)
        {
            IsBackground = true,
            Name = "probe echo",
            Priority = ThreadPriority.Highest,
        }.Start();
    }

    /// <summary>The account of what arrived, up to the highest number seen.</summary>
    public Arrivals Report() => _arrivals.Report(Volatile.Read(ref _highest) + 1);

    /// <inheritdoc/>
    public void Dispose() => _socket.Dispose();

    private void Run()
    {
        Span<byte> datagram = stackalloc byte[256];
        var from = new SocketAddress(AddressFamily.InterNetwork);
        while (true)
        {
            int length;
            try
            {
                length = _socket.ReceiveFrom(datagram, SocketFlags.None, from);
                var now = TrafficClock.Now;
                _ = _socket.SendTo(datagram[..length], SocketFlags.None, from);
                if (length >= 8)
                {
                    var number = BinaryPrimitives.ReadInt64LittleEndian(datagram);
                    _arrivals.Take(number, now);
                    Volatile.Write(ref _highest, Math.Max(_highest, number));
                }
            }
            catch (SocketException failure) when (failure.SocketErrorCode is not (SocketError.Interrupted or SocketError.OperationAborted))
            {
                // An ICMP error for an earlier answer; the probe counts what it misses.
            }
            catch (Exception closed) when (closed is ObjectDisposedException or SocketException)
            {
                return;
            }
        }
    }
}
