using Hitless.Core.Api;
using Hitless.Firmware.Files;

namespace Hitless.Daemon.Common;

/// <summary>
/// The state directory, which may be full, read-only or damaged at any time: no reason not to run. What cannot be written is said once (an
/// event, and a line in <c>status</c> while it lasts) and
/// tried again until it is written; of several contents of one thing, the last one counts. Only what must be on disk before it has an
/// effect (a step of a run) waits for its own write instead.
/// </summary>
public sealed class StateDisk(string folder, EventLog events)
{
    private static readonly TimeSpan LookInterval = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan RetryInterval = TimeSpan.FromSeconds(3);
    private readonly Dictionary<string, Action> waiting = new(StringComparer.Ordinal);
    private readonly List<string> damaged = [];
    private readonly Lock gate = new();
    private string? reason;
    private readonly HashSet<int> codes = [];

    /// <summary>What is wrong now, in words that tell what to do; empty while all is well.</summary>
    public IReadOnlyList<string> Problems
    {
        get
        {
            lock (gate)
            {
                return [.. reason is null ? [] : (string[])[Describe(reason)], .. damaged];
            }
        }
    }

    /// <summary>
    /// Writes something now, or, where that cannot be, later. <paramref name="what"/> names it for operators, and for a later content of
    /// the same.
    /// </summary>
    public void Write(string what, Action write)
    {
        lock (gate)
        {
            waiting[what] = write;
        }

        Retry();
    }

    /// <summary>
    /// A file there is damaged, and what is done about it: said in an event, and in <c>status</c> until the daemon is started anew.
    /// </summary>
    public void NoteDamage(string text)
    {
        lock (gate)
        {
            damaged.Add(text);
        }

        events.Add(EventKinds.Unit, text);
    }

    /// <summary>What <see cref="NoteDamage"/> said of a file is no longer so; <paramref name="text"/>: how that came about.</summary>
    public void NoteRepair(string damage, string text)
    {
        lock (gate)
        {
            damaged.Remove(damage);
        }

        events.Add(EventKinds.Unit, text);
    }

    /// <summary>Looks after the directory until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancel)
    {
        while (true)
        {
            Look();
            await Task.Delay(Volatile.Read(ref reason) is null ? LookInterval : RetryInterval, cancel);
        }
    }

    /// <summary>Finds out whether the directory takes writes now; what waits is written if it does.</summary>
    public void Look()
    {
        var probe = Path.Combine(folder, ".probe");
        if (
            Try(() =>
            {
                File.WriteAllText(probe, "\n");
                File.Delete(probe);
            })
        )
        {
            Retry();
        }
    }

    private void Retry()
    {
        lock (gate)
        {
            // One file that cannot be written (a folder is in its place) keeps no other from being.
            foreach (var (what, write) in waiting.ToArray())
            {
                if (Try(write))
                {
                    waiting.Remove(what);
                }
            }

            if (waiting.Count > 0)
            {
                return;
            }
        }

        NoteAll();
    }

    private bool Try(Action write)
    {
        try
        {
            write();
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Note(e);
            return false;
        }
    }

    /// <summary>The same reason at another file is no news.</summary>
    private void Note(Exception failure)
    {
        lock (gate)
        {
            if (codes.Add(failure.HResult))
            {
                reason = DiskRoom.IsUsedUp(failure) ? "the disk, or its inodes, are used up" : failure.Message;
                events.Add(EventKinds.Unit, Describe(reason));
            }
        }
    }

    private void NoteAll()
    {
        lock (gate)
        {
            if (reason is not null)
            {
                reason = null;
                codes.Clear();
                events.Add(EventKinds.Unit, $"the state directory {folder} can be written again");
                events.WriteAgain();
            }
        }
    }

    private string Describe(string why) =>
        $"the state directory {folder} cannot be written ({why}): the unit goes on, but a restart forgets what is not written "
        + $"(epoch, events, reports), and steps of a run or a commit that need this disk fail: look at df {folder}, df -i "
        + $"{folder} and mount";
}
