namespace Hitless.Lab.Traffic;

/// <summary>
/// Hundreds of long connections on one thread that looks at all of them every 5 ms: cheap, and no thread pool between the wire and the
/// measure.
/// </summary>
public sealed class LongConnections
{
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(5);
    private readonly Worst _worst = new();
    private readonly LongConnection[] _all;
    private readonly Thread _thread;
    private volatile bool _sending = true;

    /// <summary>Prepares <paramref name="count"/> connections to the echo service.</summary>
    public LongConnections(int count, int port, bool ipv4Only)
    {
        _all = [.. Enumerable.Range(0, count).Select(number => new LongConnection(number, Route.Of(number, ipv4Only), port, _worst))];
        _thread = new Thread(Run)
        {
            IsBackground = true,
            Name = "long connections",
            Priority = ThreadPriority.AboveNormal,
        };
    }

    /// <summary>Connects all of them, about 250 each second, and lets them speak.</summary>
    public async Task OpenAsync()
    {
        _thread.Start();
        var opening = new List<Task>(_all.Length);
        foreach (var part in _all.Chunk(25))
        {
            opening.AddRange(part.Select(connection => connection.OpenAsync()));
            await Task.Delay(100);
        }

        await Task.WhenAll(opening);
    }

    /// <summary>Sends no more, waits until every message is answered (or its connection lost), and closes.</summary>
    public void Finish()
    {
        _sending = false;
        _thread.Join();
    }

    /// <summary>What happened so far.</summary>
    public LongReport Report()
    {
        var (milliseconds, at, of) = _worst.Read();
        var losses = _all.Where(connection => connection.Loss is not null).Select(connection => connection.Loss!).ToList();
        return new LongReport(
            Asked: _all.Length,
            Opened: _all.Count(connection => connection.Opened),
            Hidden: _all.Count(connection => connection.Opened && connection.Route.Hidden),
            Forwarded: _all.Count(connection => connection.Opened && connection.Route.Forwarded),
            Ipv6: _all.Count(connection => connection.Opened && connection.Route.Ipv6),
            Lost: losses.Count,
            Messages: _all.Sum(connection => connection.Answered),
            milliseconds,
            at,
            of,
            [.. losses.Take(50)]
        );
    }

    private void Run()
    {
        var sending = true;
        while (sending || !Array.TrueForAll(_all, connection => connection.Quiet))
        {
            sending = _sending;
            var now = TrafficClock.Now;
            foreach (var connection in _all)
            {
                connection.Turn(now, sending);
            }

            Thread.Sleep(Tick);
        }

        foreach (var connection in _all)
        {
            connection.Close();
        }
    }
}
