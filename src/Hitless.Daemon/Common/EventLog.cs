using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Threading.Channels;
using Hitless.Core.Api;
using Hitless.Firmware.Files;
using Hitless.Linux.Scheduling;

namespace Hitless.Daemon.Common;

/// <summary>
/// What happened, for operators: kept in <c>events.jsonl</c> across restarts, and told to whoever follows. <see cref="Add"/> may be called
/// from
/// the control loop: it only hands over; a thread of its own reads what is on disk, then writes. The file holds the last some thousand
/// events, a few MiB at most, however long the daemon lives; what
/// cannot be written stays in memory until it can.
/// </summary>
public sealed class EventLog : IDisposable
{
    private const int KeptCount = 2000;
    private const long FileMax = 4 << 20;
    private const int TextMax = 4000;
    private const long NumberMax = 1L << 53;
    private static readonly TimeSpan RenewInterval = TimeSpan.FromSeconds(3);
    private readonly string path;
    private readonly string unit;
    private readonly WorkThread writer = new("events");
    private readonly List<ClusterEvent> events = [];
    private readonly List<Channel<ClusterEvent>> followers = [];
    private readonly Lock gate = new();
    private int lines;
    private long bytes;
    private bool unwritten;
    private TimeSpan renewAt;
    private readonly bool isFirstStart;
    private readonly TaskCompletionSource read = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Begins to read what is on disk; lines that cannot be read are left out, and counted in an event.</summary>
    public EventLog(string stateFolder, string unit)
    {
        this.unit = unit;
        path = Path.Combine(stateFolder, "events.jsonl");
        isFirstStart = !File.Exists(Path.Combine(stateFolder, "epoch"));
        writer.Do(Read);
    }

    /// <summary>Hands an event over.</summary>
    public void Add(string kind, string text, long? epoch = null)
    {
        var time = DateTimeOffset.UtcNow;
        writer.Do(() => Write(time, kind, text, epoch));
    }

    /// <summary>The disk takes writes again: what is in memory only is written now.</summary>
    public void WriteAgain() =>
        writer.Do(() =>
        {
            if (unwritten)
            {
                TryWrite(Renew);
            }
        });

    /// <summary>The last events, oldest first.</summary>
    public async Task<IReadOnlyList<ClusterEvent>> LastAsync(string? kind, int limit, CancellationToken cancel)
    {
        await read.Task.WaitAsync(cancel);
        lock (gate)
        {
            return [.. events.Where(e => kind is null || e.Kind == kind).TakeLast(limit)];
        }
    }

    /// <summary>Events with a higher number than <paramref name="after"/>, then those to come.</summary>
    public async IAsyncEnumerable<ClusterEvent> FollowAsync(long? after, [EnumeratorCancellation] CancellationToken cancel)
    {
        var follower = Channel.CreateBounded<ClusterEvent>(
            new BoundedChannelOptions(1000) { FullMode = BoundedChannelFullMode.DropOldest }
        );
        ClusterEvent[] past;
        await read.Task.WaitAsync(cancel);
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
    public void Dispose()
    {
        writer.Dispose();
        lock (gate)
        {
            followers.ForEach(f => f.Writer.TryComplete());
        }
    }

    private void Read()
    {
        try
        {
            if (File.Exists(path))
            {
                var kept = File.ReadLines(path).TakeLast(KeptCount).ToList();
                lock (gate)
                {
                    events.AddRange(kept.Select(TryParse).OfType<ClusterEvent>());
                }

                TryWrite(Renew);
                NoteLoss(kept.Count - events.Count);
            }
            else
            {
                NoteLoss(0);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Console.Error.WriteLine($"{path} cannot be read: {e.Message}");
            unwritten = true;
        }

        read.SetResult();
    }

    private void NoteLoss(int unreadable)
    {
        if (unreadable > 0 || (events.Count == 0 && !isFirstStart))
        {
            var lost = unreadable > 0 ? $"{unreadable} events of before are left out" : "the events of before are gone";
            Write(DateTimeOffset.UtcNow, EventKinds.Unit, $"{path} is damaged: {lost}; other units have theirs", null);
        }
    }

    private void Write(DateTimeOffset time, string kind, string text, long? epoch)
    {
        ClusterEvent added;
        lock (gate)
        {
            added = new ClusterEvent(
                events.Count == 0 ? 1 : events[^1].Number + 1,
                time,
                unit,
                kind,
                text.Length > TextMax ? text[..TextMax] + "…" : text,
                epoch
            );
            events.Add(added);
            if (events.Count > 2 * KeptCount)
            {
                events.RemoveRange(0, events.Count - KeptCount);
            }

            followers.ForEach(f => f.Writer.TryWrite(added));
        }

        Console.Error.WriteLine($"{time:HH:mm:ss.fff} {unit} {kind}: {text}");
        if (unwritten && MonotonicClock.Now < renewAt)
        {
            return;
        }

        if (unwritten || lines >= 2 * KeptCount || bytes >= FileMax)
        {
            TryWrite(Renew);
        }
        else
        {
            TryWrite(() => Append(Format(added)));
        }
    }

    private void TryWrite(Action write)
    {
        try
        {
            write();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            if (!unwritten)
            {
                Console.Error.WriteLine($"{path} cannot be written ({e.Message}): events are kept in memory until it can");
            }

            unwritten = true;
            renewAt = MonotonicClock.Now + RenewInterval;
        }
    }

    private void Append(string line)
    {
        File.AppendAllLines(path, [line]);
        lines++;
        bytes += line.Length;
    }

    /// <summary>Replaces the file by the newest events, and half of what it may hold.</summary>
    private void Renew()
    {
        List<string> kept = [];
        var size = 0L;
        lock (gate)
        {
            for (var i = events.Count - 1; i >= 0 && kept.Count < KeptCount && size < FileMax / 2; i--)
            {
                kept.Add(Format(events[i]));
                size += kept[^1].Length;
            }
        }

        kept.Reverse();
        DurableFile.MakeWay(path);
        File.WriteAllLines(path + ".new", kept);
        File.Move(path + ".new", path, overwrite: true);
        (lines, bytes, unwritten) = (kept.Count, size, false);
    }

    private static string Format(ClusterEvent item) => JsonSerializer.Serialize(item, ApiJson.Default.ClusterEvent);

    /// <summary>Null for a line that is no event: cut off by a power failure, or anything else.</summary>
    private static ClusterEvent? TryParse(string line)
    {
        try
        {
            return
                JsonSerializer.Deserialize(line, ApiJson.Default.ClusterEvent)
                    is { Unit: not null, Kind: not null, Text: not null, Number: > 0 and < NumberMax } known
                ? known
                : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
