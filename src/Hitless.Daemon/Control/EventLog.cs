using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Threading.Channels;
using Hitless.Core.Api;

namespace Hitless.Daemon.Control;

/// <summary>
/// What happened, for operators: kept in <c>events.jsonl</c> across restarts, and told to whoever follows. <see cref="Add"/> may be called from
/// the control loop: it only queues; a task of its own writes.
/// </summary>
public sealed class EventLog : IAsyncDisposable
{
    private const int KeptCount = 2000;
    private readonly string path;
    private readonly string unit;
    private readonly Channel<(DateTimeOffset Time, string Kind, string Text, long? Epoch)> queue =
        Channel.CreateUnbounded<(DateTimeOffset, string, string, long?)>(new UnboundedChannelOptions { SingleReader = true });
    private readonly List<ClusterEvent> events = [];
    private readonly List<Channel<ClusterEvent>> followers = [];
    private readonly Lock gate = new();
    private readonly Task writer;

    /// <summary>Reads what is on disk; lines that cannot be read are left out.</summary>
    public EventLog(string stateFolder, string unit)
    {
        this.unit = unit;
        path = Path.Combine(stateFolder, "events.jsonl");
        if (File.Exists(path))
        {
            foreach (var line in File.ReadLines(path).TakeLast(KeptCount))
            {
                if (TryParse(line) is { } known)
                {
                    events.Add(known);
                }
            }

            File.WriteAllLines(path + ".new", events.Select(Format));
            File.Move(path + ".new", path, overwrite: true);
        }

        writer = Task.Run(WriteAsync);
    }

    /// <summary>Queues an event.</summary>
    public void Add(string kind, string text, long? epoch = null) => queue.Writer.TryWrite((DateTimeOffset.UtcNow, kind, text, epoch));

    /// <summary>The last events, oldest first.</summary>
    public IReadOnlyList<ClusterEvent> Last(string? kind, int limit)
    {
        lock (gate)
        {
            return [.. events.Where(e => kind is null || e.Kind == kind).TakeLast(limit)];
        }
    }

    /// <summary>Events with a higher number than <paramref name="after"/>, then those to come.</summary>
    public async IAsyncEnumerable<ClusterEvent> FollowAsync(long? after, [EnumeratorCancellation] CancellationToken cancel)
    {
        var follower = Channel.CreateBounded<ClusterEvent>(new BoundedChannelOptions(1000) { FullMode = BoundedChannelFullMode.DropOldest });
        ClusterEvent[] past;
        lock (gate)
        {
            past = after is null ? [] : [.. events.Where(e => e.Number > after)];
            followers.Add(follower);
        }

        try
        {
            foreach (var known in past)
            {
                yield return known;
            }

            await foreach (var next in follower.Reader.ReadAllAsync(cancel))
            {
                yield return next;
            }
        }
        finally
        {
            lock (gate)
            {
                followers.Remove(follower);
            }
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        queue.Writer.TryComplete();
        await writer;
        lock (gate)
        {
            followers.ForEach(f => f.Writer.TryComplete());
        }
    }

    private async Task WriteAsync()
    {
        await foreach (var (time, kind, text, epoch) in queue.Reader.ReadAllAsync())
        {
            ClusterEvent added;
            lock (gate)
            {
                added = new ClusterEvent(events.Count == 0 ? 1 : events[^1].Number + 1, time, unit, kind, text, epoch);
                events.Add(added);
                if (events.Count > 2 * KeptCount)
                {
                    events.RemoveRange(0, KeptCount);
                }

                followers.ForEach(f => f.Writer.TryWrite(added));
            }

            await Console.Error.WriteLineAsync($"{time:HH:mm:ss.fff} {unit} {kind}: {text}");
            try
            {
                await File.AppendAllLinesAsync(path, [Format(added)]);
            }
            catch (IOException e)
            {
                await Console.Error.WriteLineAsync($"{path} cannot be written ({e.Message}): events are kept in memory only");
            }
        }
    }

    private static string Format(ClusterEvent item) => JsonSerializer.Serialize(item, ApiJson.Default.ClusterEvent);

    private static ClusterEvent? TryParse(string line)
    {
        try
        {
            return JsonSerializer.Deserialize(line, ApiJson.Default.ClusterEvent);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
