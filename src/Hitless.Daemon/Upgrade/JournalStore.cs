using System.Text;
using System.Text.Json;
using Hitless.Core.Upgrade;
using Hitless.Daemon.Common;
using Hitless.Firmware.Files;

namespace Hitless.Daemon.Upgrade;

/// <summary>
/// The journals of runs on this unit's disk, <c>journal/RUN.jsonl</c>: a line an entry, the whole file replaced at each entry (a run has
/// some dozens).
/// A journal only ever grows: one that ends earlier than what is here is not taken. Nobody else writes there while the daemon runs, so the
/// last journal is read from disk once.
/// A damaged line ends a journal, and one without its beginning is none: the unit starts all the same, and another unit that has the whole
/// one gives it back.
/// </summary>
public sealed class JournalStore(string stateFolder, StateDisk disk)
{
    /// <summary>More runs than a cluster begins.</summary>
    private const long NumberMax = int.MaxValue;

    private readonly string folder = Path.Combine(stateFolder, "journal");
    private readonly Lock gate = new();
    private readonly Dictionary<string, string> damaged = new(StringComparer.Ordinal);
    private Dictionary<string, JournalEntry>? begins;
    private IReadOnlyList<JournalEntry>? last;

    /// <summary>The reports of the runs that have ended.</summary>
    public ReportArchive Reports { get; } = new(stateFolder, disk);

    /// <summary>Something was written here.</summary>
    public ChangeSignal Changes { get; } = new();

    /// <summary>Takes a journal if it is newer than the one of the same run that is here. On disk when this returns.</summary>
    /// <returns>Whether it was taken.</returns>
    public bool Put(IReadOnlyList<JournalEntry> entries)
    {
        if (entries.Count == 0 || !IsWhole(entries))
        {
            return false;
        }

        lock (gate)
        {
            if (!JournalReplication.Replaces(Read(entries[0].Run), entries))
            {
                return false;
            }

            Directory.CreateDirectory(folder);
            DurableFile.WriteOwnText(
                PathOf(entries[0].Run),
                string.Concat(entries.Select(e => JsonSerializer.Serialize(e, UpgradeJson.Default.JournalEntry) + "\n"))
            );
            last = null;
            begins?.Remove(entries[0].Run);
            begins?.Add(entries[0].Run, entries[0]);
            if (damaged.Remove(entries[0].Run, out var said))
            {
                disk.NoteRepair(said, $"the journal of {entries[0].Run} is whole again: another unit had it");
            }
        }

        Changes.Raise();
        return true;
    }

    /// <summary>The journal of a run; empty if it is not here. Lines that cannot be read end it, which is said once.</summary>
    public IReadOnlyList<JournalEntry> Read(string run)
    {
        var path = PathOf(run);
        List<JournalEntry> entries = [];
        try
        {
            foreach (var line in File.Exists(path) ? File.ReadLines(path) : [])
            {
                if (
                    JsonSerializer.Deserialize(line, UpgradeJson.Default.JournalEntry) is not { } entry
                    || !IsWhole([.. entries, entry])
                    || entry.Run != run
                )
                {
                    throw new JsonException("it is no entry of a journal");
                }

                entries.Add(entry);
            }
        }
        catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException)
        {
            NoteDamage(
                run,
                $"line {entries.Count + 1} of {path} cannot be read ({e.Message}): the journal of the run counts up to there, unless "
                    + $"another unit has all of it"
            );
        }

        return entries;
    }

    /// <summary>
    /// The runs that are here, oldest first (<see cref="RunJournal.CompareRuns"/>); before them those whose beginning cannot be read.
    /// </summary>
    public IReadOnlyList<string> Runs()
    {
        lock (gate)
        {
            begins ??= Names()
                .Select(name => (Name: name, Begin: BeginOf(name)))
                .Where(run => run.Begin is not null)
                .ToDictionary(run => run.Name, run => run.Begin!, StringComparer.Ordinal);
            var known = begins;
            return
            [
                .. Names().Where(name => !known.ContainsKey(name)),
                .. known.Values.Order(Comparer<JournalEntry>.Create(RunJournal.CompareRuns)).Select(begin => begin.Run),
            ];
        }
    }

    /// <summary>
    /// The number of the next run, and a name for it that no run has: names hold the time, and a clock may have been set back.
    /// </summary>
    public (string Name, long Number) Next(string wanted)
    {
        var runs = Runs();
        lock (gate)
        {
            var name = wanted;
            for (var i = 2; runs.Contains(name); i++)
            {
                name = $"{wanted}-{i}";
            }

            return (name, Math.Max(runs.Count, begins!.Values.Select(begin => begin.Header?.Number ?? 0).DefaultIfEmpty().Max()) + 1);
        }
    }

    /// <summary>Runs whose journals were found damaged since the start, and are not whole again.</summary>
    public IReadOnlyList<string> Damaged
    {
        get
        {
            lock (gate)
            {
                return [.. damaged.Keys];
            }
        }
    }

    /// <summary>The journal of the run that began last; empty if there was none.</summary>
    public IReadOnlyList<JournalEntry> Last()
    {
        lock (gate)
        {
            return last ??= Runs() is [.., var newest] ? Read(newest) : [];
        }
    }

    /// <summary>
    /// The highest epoch in which something of a run was written (<see cref="RunJournal.EpochOf"/>), found without making entries of the
    /// lines: for a start, which waits for this.
    /// </summary>
    public long HighestEpoch()
    {
        var highest = 0L;
        try
        {
            foreach (var line in Names().SelectMany(name => File.ReadLines(PathOf(name))))
            {
                highest = Math.Max(highest, EpochIn(Encoding.UTF8.GetBytes(line)));
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            disk.NoteDamage($"the journals in {folder} cannot be read: {e.Message}");
        }

        return highest;
    }

    private IEnumerable<string> Names() =>
        Directory.Exists(folder)
            ? Directory
                .EnumerateFiles(folder, "*.jsonl")
                .Select(f => Path.GetFileNameWithoutExtension(f))
                .Where(IsName)
                .Order(StringComparer.Ordinal)
            : [];

    private JournalEntry? BeginOf(string run)
    {
        try
        {
            var first = File.ReadLines(PathOf(run)).FirstOrDefault();
            return
                first is not null
                && JsonSerializer.Deserialize(first, UpgradeJson.Default.JournalEntry) is { } entry
                && entry.Run == run
                && IsWhole([entry])
                ? entry
                : null;
        }
        catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException or InvalidDataException)
        {
            return null;
        }
    }

    /// <summary>
    /// The first entry has the run's header, and nothing that every entry has is missing. What came from a disk or another unit may be
    /// anything, also null where nothing is.
    /// </summary>
    private static bool IsWhole(IReadOnlyList<JournalEntry> entries) =>
        entries
            is [
                {
                    Header:
                    {
                        Run: not null,
                        Image: not null,
                        From: not null,
                        To: not null,
                        FormerPrimary: not null,
                        Members: { Count: > 0 } members
                    }
                },
                ..,
            ]
        && members.All(member => member is { Name: not null, Version: not null, Slot: not null })
        && entries[0].Header is { Number: >= 0 and <= NumberMax }
        && entries.All(entry =>
            entry is { Run: not null, Unit: not null, Step: not null, Epoch: >= 0 and <= StateFile.EpochMax, Sequence: >= 0 }
        );

    private void NoteDamage(string run, string text)
    {
        lock (gate)
        {
            if (!damaged.TryAdd(run, text))
            {
                return;
            }
        }

        disk.NoteDamage(text);
    }

    private static long EpochIn(ReadOnlySpan<byte> line)
    {
        var reader = new Utf8JsonReader(line);
        try
        {
            while (reader.Read())
            {
                if (
                    reader.TokenType == JsonTokenType.PropertyName
                    && reader.CurrentDepth == 1
                    && reader.ValueTextEquals("epoch"u8)
                    && reader.Read()
                    && reader.TryGetInt64(out var epoch)
                )
                {
                    return epoch is >= 0 and < StateFile.EpochMax ? epoch : 0;
                }
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // A line that cannot be read ends the journal.
        }

        return 0;
    }

    /// <summary>Whether this can be the name of a run: it becomes the name of a file.</summary>
    public static bool IsName(string run) => run.Length is > 0 and <= 64 && run.All(c => char.IsAsciiLetterOrDigit(c) || c == '-');

    private string PathOf(string run) =>
        IsName(run) ? Path.Combine(folder, run + ".jsonl") : throw new InvalidDataException($"\"{run}\" is no name of a run");
}
