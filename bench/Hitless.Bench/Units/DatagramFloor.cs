using System.Net;
using Hitless.Linux.Namespaces;
using Hitless.Linux.Polling;
using Hitless.Linux.Scheduling;
using Hitless.Linux.Sockets;

namespace Hitless.Bench.Units;

/// <summary>
/// What heartbeats cost without what is in them: two real-time threads that send each other a datagram of a heartbeat's size each 20 ms and
/// receive the other's. No cipher, no rules, no claim. What the machine takes for that (which depends on how busy it is) hitlessd cannot do
/// without.
/// </summary>
internal sealed class DatagramFloor : IDisposable
{
    private const int RealTimePriority = 20;
    private const int Port = 8417;
    private const int DatagramBytes = 157;
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(20);
    private readonly Thread[] threads;
    private readonly TimeSpan[] ran = new TimeSpan[2];
    private volatile bool ending;

    /// <summary>Begins, in the namespaces of a pair whose units do not run.</summary>
    public DatagramFloor(UnitPair pair)
    {
        threads =
        [
            .. Enumerable
                .Range(0, 2)
                .Select(unit => new Thread(() =>
                {
                    NetworkNamespace.Enter(pair.NamespaceOf(unit));
                    Beat(unit);
                })),
        ];
        Array.ForEach(threads, thread => thread.Start());
    }

    /// <summary>Processor time of each of the two so far.</summary>
    public IReadOnlyList<TimeSpan> Ran => [.. ran];

    /// <inheritdoc/>
    public void Dispose()
    {
        ending = true;
        Array.ForEach(threads, thread => thread.Join());
    }

    private void Beat(int unit)
    {
        _ = RealTime.TryEnter(RealTimePriority);
        using var socket = new DatagramSocket(Address(unit));
        using var poller = new Poller();
        poller.Add(socket.Handle, 0);
        var datagram = new byte[DatagramBytes];
        var buffer = new byte[2048];
        Span<int> ready = stackalloc int[1];
        for (var due = MonotonicClock.Now; !ending; ran[unit] = RealTime.ThreadTime)
        {
            if (poller.Wait(due - MonotonicClock.Now, ready) > 0)
            {
                socket.TryReceive(buffer, out _, out _);
            }

            if (MonotonicClock.Now >= due)
            {
                socket.Send(Address(1 - unit), datagram);
                due += Interval;
            }
        }
    }

    private static DatagramEndpoint Address(int unit) => new(new IPEndPoint(IPAddress.Parse($"10.94.0.{unit + 1}"), Port));
}
