using System.Text.Json;
using Hitless.Core.Api;
using Hitless.Core.Cluster;
using Hitless.Core.Upgrade;
using Hitless.Core.Wire;
using Hitless.Daemon.Common;
using Hitless.Daemon.Configuration;
using Hitless.Daemon.Control;
using Hitless.Daemon.Maintenance;
using Hitless.Daemon.Tests.Firmware;
using Hitless.Daemon.Upgrade;
using Xunit;

namespace Hitless.Daemon.Tests.Control;

/// <summary>A state directory that takes no writes, or holds damaged files: the parts of the daemon that use it start and go on.</summary>
public sealed class StateDiskTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("hitless-test-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Theory]
    [InlineData("size=64k", "")]
    [InlineData("size=1m,nr_inodes=12", "")]
    [InlineData("size=1m", "ro")]
    public async Task What_cannot_be_written_is_said_once_and_written_as_soon_as_it_can(string options, string remount)
    {
        using var small = new SmallDisk(options);
        var ballast = small.PathOf("ballast");
        Fill(ballast);
        small.Remount(remount);
        using (var events = new EventLog(small.Folder, "gw1"))
        {
            var disk = new StateDisk(small.Folder, events);
            var identity = UnitIdentity.Load(small.Folder, disk);
            StateFile.WriteEpoch(small.Folder, 7, disk);
            StateFile.WriteEpoch(small.Folder, 8, disk);
            disk.Look();
            Assert.NotEqual(UnitId.None, identity.Id);
            Assert.Contains(small.Folder, Assert.Single(disk.Problems), StringComparison.Ordinal);
            Assert.Single(await AllOfAsync(events, count: 1));

            small.Remount(remount.Length > 0 ? "rw" : "");
            Array.ForEach(Directory.GetFiles(small.Folder, "ballast*"), File.Delete);
            disk.Look();
            Assert.Empty(disk.Problems);
            Assert.Equal("8", StateFile.Read(small.PathOf("epoch"), disk));
            Assert.Equal(identity.Id, UnitIdentity.Load(small.Folder, disk).Id);
        }

        using var later = new EventLog(small.Folder, "gw1");
        Assert.Contains(await later.LastAsync(null, 10, TestContext.Current.CancellationToken), e =>
            e.Text.Contains("can be written again", StringComparison.Ordinal)
        );
    }

    [Theory]
    [InlineData(null, "the events of before are gone")]
    [InlineData("", "the events of before are gone")]
    [InlineData("nonsense\n{}\n", "2 events of before are left out")]
    public async Task Events_that_are_lost_are_said_in_an_event(string? content, string expected)
    {
        var state = Directory.CreateTempSubdirectory("hitless-events-").FullName;
        try
        {
            using (var first = new EventLog(state, "gw1"))
            {
                Assert.Empty(await first.LastAsync(null, 10, TestContext.Current.CancellationToken));
            }

            await File.WriteAllTextAsync(Path.Combine(state, "epoch"), "1\n", TestContext.Current.CancellationToken);
            if (content is not null)
            {
                await File.WriteAllTextAsync(Path.Combine(state, "events.jsonl"), content, TestContext.Current.CancellationToken);
            }

            using var events = new EventLog(state, "gw1");
            var said = Assert.Single(await events.LastAsync(null, 10, TestContext.Current.CancellationToken));
            Assert.Contains(expected, said.Text, StringComparison.Ordinal);

            // Nor does a unit become another one without a word.
            var disk = new StateDisk(state, events);
            UnitIdentity.Load(state, disk);
            Assert.Contains("unit-id is gone: this unit has a new identity", Assert.Single(disk.Problems), StringComparison.Ordinal);
        }
        finally
        {
            Directory.Delete(state, recursive: true);
        }
    }

    [Fact]
    public async Task Damaged_files_are_named_and_stop_nothing()
    {
        Directory.CreateDirectory(Path.Combine(folder, "journal"));
        var line = JsonSerializer.Serialize(Begin("20260101-000000-1", epoch: 3, number: 1), UpgradeJson.Default.JournalEntry);
        File.WriteAllLines(Path.Combine(folder, "journal", "20260101-000000-1.jsonl"), [line, "null", line]);
        File.WriteAllText(Path.Combine(folder, "epoch"), "seven\n");
        File.WriteAllText(Path.Combine(folder, "unit-id"), "\0\0\0\0");
        File.WriteAllLines(
            Path.Combine(folder, "events.jsonl"),
            [
                "null",
                "{}",
                "{\"number\":5,\"time\":\"2026-01-01T00:00:00Z\",\"unit\":\"gw1\",\"kind\":\"unit\",\"text\":\"kept\"}",
                "{\"number\":6,\"ti",
            ]
        );

        using var events = new EventLog(folder, "gw1");
        var disk = new StateDisk(folder, events);
        var journals = new JournalStore(folder, disk);
        Assert.Single(journals.Last());
        Assert.Equal(3, journals.HighestEpoch());
        Assert.Equal(0, StateFile.ReadEpoch(folder, disk));
        Assert.NotEqual(UnitId.None, UnitIdentity.Load(folder, disk).Id);
        Assert.Equal(3, disk.Problems.Count);
        Assert.Contains(await events.LastAsync(null, 10, TestContext.Current.CancellationToken), e => e is { Number: 5, Text: "kept" });
    }

    [Fact]
    public async Task A_hold_is_read_as_it_was_kept_and_a_damaged_one_holds_until_it_is_released()
    {
        Directory.CreateDirectory(folder);
        using var events = new EventLog(folder, "gw1");
        var disk = new StateDisk(folder, events);
        var file = new HoldFile(folder, disk);
        Assert.Null(file.Read());
        foreach (var hold in (UnitHold[])[new("new disk", TimeSpan.FromSeconds(7200)), new("", null), new("two words", null)])
        {
            file.Keep(new UnitHold("overtaken", null));
            file.Keep(hold);
            await file.Written;
            Assert.Equal(hold, file.Read());
        }

        file.Keep(null);
        await file.Written;
        Assert.Null(file.Read());
        Assert.Empty(disk.Problems);
        File.WriteAllText(Path.Combine(folder, "hold"), "\0\0\0");
        Assert.Equal(new UnitHold("", null), file.Read());
        Assert.Contains("is damaged: this unit is held until it is released", Assert.Single(disk.Problems));
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("{\"run\":\"r-1\",\"epoch\":1,\"sequence\":1,\"kind\":\"begin\",\"unit\":null,\"step\":null,\"header\":{\"run\":\"r-1\"}}")]
    [InlineData("not json")]
    public void A_journal_without_its_beginning_is_none(string first)
    {
        Directory.CreateDirectory(Path.Combine(folder, "journal"));
        File.WriteAllLines(Path.Combine(folder, "journal", "r-1.jsonl"), [first]);
        using var events = new EventLog(folder, "gw1");
        Assert.Empty(new JournalStore(folder, new StateDisk(folder, events)).Last());
    }

    [Fact]
    public void The_last_run_is_the_one_that_began_last_whatever_the_clock_said()
    {
        using var events = new EventLog(folder, "gw1");
        var journals = new JournalStore(folder, new StateDisk(folder, events));
        Assert.Equal(("20260101-120000", 1L), journals.Next("20260101-120000"));
        Assert.True(journals.Put([Begin("20260101-120000", epoch: 5, number: 1)]));

        // The clock was set back by a year: in the same epoch, then in a later one.
        Assert.Equal(2, journals.Next("20250101-000000").Number);
        Assert.True(journals.Put([Begin("20250101-000000", epoch: 5, number: 2)]));
        Assert.Equal("20250101-000000", journals.Last()[0].Run);
        Assert.True(journals.Put([Begin("20240101-000000", epoch: 6, number: 0)]));
        Assert.Equal("20240101-000000", journals.Last()[0].Run);
        Assert.Equal(["20260101-120000", "20250101-000000", "20240101-000000"], journals.Runs());

        // And again to the very second of a former run.
        Assert.Equal(("20250101-000000-2", 4L), journals.Next("20250101-000000"));
        Assert.Equal(journals.Last(), RunJournal.Further(journals.Read("20260101-120000"), journals.Last()));
        Assert.Equal(6, journals.HighestEpoch());
    }

    [Fact]
    public async Task The_file_of_events_is_bounded_however_long_the_daemon_lives()
    {
        var shown = Console.Error;
        Console.SetError(TextWriter.Null);
        using (var events = new EventLog(folder, "gw1"))
        {
            for (var i = 0; i < 9_000; i++)
            {
                events.Add(EventKinds.Unit, $"probe upstream flaps {i}");
            }
        }

        Console.SetError(shown);
        Assert.InRange(File.ReadLines(Path.Combine(folder, "events.jsonl")).Count(), 2_000, 4_001);
        using var later = new EventLog(folder, "gw1");
        Assert.Equal(9_000, (await later.LastAsync(null, 1, TestContext.Current.CancellationToken)).Single().Number);
    }

    [Fact]
    public void Revisions_are_opened_on_a_disk_that_is_full_or_damaged()
    {
        using var small = new SmallDisk("size=64k");
        var revisions = small.PathOf("configuration");
        Directory.CreateDirectory(Path.Combine(revisions, "revisions"));
        File.WriteAllText(Path.Combine(revisions, "pruned.json"), "[null]");
        File.WriteAllText(Path.Combine(revisions, "head.json"), "{\"head\":null,\"branches\":[null]}");
        File.WriteAllText(Path.Combine(revisions, "pending.json"), "null");
        Fill(small.PathOf("ballast"));
        Assert.Null(new RevisionStore(revisions).Head);
        Assert.Null(new RevisionStore(small.PathOf("another")).Head);
    }

    private static JournalEntry Begin(string run, long epoch, long number) => JournalSamples.Begin(run, epoch, number: number);

    /// <summary>Events are written by a thread of their own.</summary>
    private static async Task<IReadOnlyList<ClusterEvent>> AllOfAsync(EventLog events, int count)
    {
        while (await events.LastAsync(null, 10, TestContext.Current.CancellationToken) is var all)
        {
            if (all.Count >= count)
            {
                return all;
            }

            await Task.Delay(10, TestContext.Current.CancellationToken);
        }

        return [];
    }

    /// <summary>Every inode and every byte.</summary>
    private static void Fill(string file)
    {
        try
        {
            for (var i = 0; i < 12; i++)
            {
                File.WriteAllText($"{file}-{i}", "");
            }
        }
        catch (IOException)
        {
            // No inode is left, and no byte is needed.
            return;
        }

        try
        {
            using var ballast = File.Create(file);
            var block = new byte[4096];
            while (true)
            {
                ballast.Write(block);
                ballast.Flush();
            }
        }
        catch (IOException)
        {
            // Full.
        }
    }
}
