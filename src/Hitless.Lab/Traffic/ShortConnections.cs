using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Hitless.Lab.Traffic;

/// <summary>Opens new TCP connections all the time, one every <c>1000 / rate</c> ms: connect, 32 bytes there and back, close.</summary>
public sealed class ShortConnections(int ratePerSecond, int port, bool ipv4Only)
{
    private readonly Worst _slowest = new();
    private readonly ConcurrentQueue<LostConnection> _failures = new();
    private volatile bool _stop;
    private long _opened;
    private long _failed;
    private Task _running = Task.CompletedTask;

    /// <summary>Begins.</summary>
    public void Start() => _running = RunAsync();

    /// <summary>Opens no more and waits for those under way.</summary>
    public async Task FinishAsync()
    {
        _stop = true;
        await _running;
    }

    /// <summary>What happened so far.</summary>
    public ShortReport Report()
    {
        var (milliseconds, at, _) = _slowest.Read();
        return new ShortReport(Interlocked.Read(ref _opened), Interlocked.Read(ref _failed), milliseconds, at, [.. _failures.Take(50)]);
    }

    private async Task RunAsync()
    {
        if (ratePerSecond <= 0)
        {
            return;
        }

        var underWay = new List<Task>();
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(1000.0 / ratePerSecond));
        for (long number = 0; !_stop; number++)
        {
            underWay.Add(ConnectAsync(Route.Of(number, ipv4Only)));
            if (underWay.Count > 1000)
            {
                underWay.RemoveAll(task => task.IsCompleted);
            }

            await timer.WaitForNextTickAsync();
        }

        await Task.WhenAll(underWay);
    }

    private async Task ConnectAsync(Route route)
    {
        var started = TrafficClock.Now;
        var target = new IPEndPoint(route.Target, port);
        var name = $"{route.Source} -> {target}";
        try
        {
            using var limit = new CancellationTokenSource(LongConnection.Patience);
            using var socket = route.OpenSocket();
            await socket.ConnectAsync(target, limit.Token);
            name = $"{socket.LocalEndPoint} -> {target}";
            var bytes = new byte[32];
            await socket.SendAsync(bytes, limit.Token);
            for (var received = 0; received < bytes.Length; )
            {
                var count = await socket.ReceiveAsync(bytes.AsMemory(received), limit.Token);
                received += count > 0 ? count : throw new IOException("closed by the other side");
            }

            Interlocked.Increment(ref _opened);
            _slowest.Take(TrafficClock.Milliseconds(started, TrafficClock.Now), TrafficClock.Now, name);
        }
        catch (Exception failure) when (failure is SocketException or IOException or OperationCanceledException)
        {
            Interlocked.Increment(ref _failed);
            var why = failure is OperationCanceledException ? $"not done after {LongConnection.Patience.TotalSeconds} s" : failure.Message;
            _failures.Enqueue(new LostConnection(name, DateTimeOffset.UtcNow, why));
        }
    }
}
