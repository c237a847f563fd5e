using System.Text.Json;
using Hitless.Core.Api;
using Hitless.Core.Configuration;
using Hitless.Core.Firmware;
using Hitless.Core.Keys;
using Hitless.Core.Upgrade;
using Hitless.Core.Wire;
using Hitless.Daemon.Common;
using Hitless.Daemon.Configuration;
using Hitless.Daemon.Control;
using Hitless.Daemon.Hosting;
using Hitless.Daemon.Keys;
using Hitless.Daemon.Maintenance;
using Hitless.Daemon.Recovery;
using Hitless.Daemon.Tests.Firmware;
using Hitless.Daemon.Upgrade;
using Hitless.Firmware.Images;
using Hitless.Firmware.Slots;
using Xunit;

namespace Hitless.Daemon.Tests.Recovery;

/// <summary>Files of the state directory, cut off at every byte: what is read is what was written, or the loss is said.</summary>
public sealed class CutFilesTests : IDisposable
{
    private const string Run = "20260101-000000";
    private readonly string folder = Directory.CreateTempSubdirectory("hitless-cut-").FullName;
    private readonly TextWriter shown = Console.Error;
    private readonly EventLog events;

    public CutFilesTests()
    {
        // Each cut says something.
        Console.SetError(TextWriter.Null);
        events = new EventLog(folder, "gw1");
    }

    public void Dispose()
    {
        events.Dispose();
        Console.SetError(shown);
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public void Revisions_and_which_of_them_is_the_head()
    {
        var store = new RevisionStore(folder);
        var first = RevisionIdentity.Next(null, 1, [], "import", "", DateTimeOffset.UnixEpoch);
        var second = RevisionIdentity.Next(first.Info, 1, [], "anna", "", DateTimeOffset.UnixEpoch);
        var third = RevisionIdentity.Next(second.Info, 1, [], "anna", "", DateTimeOffset.UnixEpoch);
        foreach (var revision in new[] { first, second, third })
        {
            store.Add(revision);
            store.SetHead(revision.Info, []);
        }

        foreach (var file in Directory.GetFiles(folder, "*.json", SearchOption.AllDirectories))
        {
            foreach (var _ in CutsOf(file))
            {
                var opened = new RevisionStore(folder);
                Assert.NotNull(opened.Head);
                Assert.True(opened is { Trunk.Count: 3 } || opened.Problems.Count > 0, file);
                Assert.True(opened.Head == third.Info || file.Contains($"3-{third.Info.Hash}", StringComparison.Ordinal), file);
            }
        }
    }

    [Fact]
    public void A_journal_and_the_report_of_its_run()
    {
        var disk = Disk();
        var whole = new JournalStore(folder, disk);
        Assert.True(whole.Put([Begin(), Begin() with { Sequence = 2, Kind = JournalEntryKind.Done, Header = null }]));
        var report = Report();
        whole.Reports.Keep(report);
        var path = Path.Combine(folder, "journal", Run + ".jsonl");
        var text = File.ReadAllText(path);
        foreach (var length in CutsOf(path))
        {
            var cut = new JournalStore(folder, Disk());
            var lost = new RecoverableParts("gw1", Images(), null!, cut, null!).LostOf(StateInventory.Empty);

            // Where a whole line is gone, only another unit's journal tells.
            Assert.True(cut.Read(Run).Count == 2 || lost.Count == 1 || text[..length].EndsWith('\n') || text[length] == '\n', $"{length}");
        }

        foreach (var _ in CutsOf(Path.Combine(folder, "reports", Run + ".json")))
        {
            Assert.Null(whole.Reports.Read(Run));
            Assert.Single(new RecoverableParts("gw1", Images(), null!, whole, null!).LostOf(StateInventory.Empty));
        }

        Assert.Equal(report.Verdict, whole.Reports.Read(Run)!.Verdict);
    }

    [Fact]
    public async Task Events()
    {
        var state = Directory.CreateDirectory(Path.Combine(folder, "events")).FullName;
        File.WriteAllText(Path.Combine(state, "epoch"), "1\n");
        var path = Path.Combine(state, "events.jsonl");
        File.WriteAllLines(
            path,
            Enumerable
                .Range(1, 2)
                .Select(n =>
                    JsonSerializer.Serialize(
                        new ClusterEvent(n, DateTimeOffset.UnixEpoch, "gw1", "unit", "text", null),
                        ApiJson.Default.ClusterEvent
                    )
                )
        );
        var first = File.ReadLines(path).First().Length;
        foreach (var length in CutsOf(path))
        {
            using var log = new EventLog(state, "gw1");
            var read = await log.LastAsync(null, 10, TestContext.Current.CancellationToken);
            Assert.True(
                read.Count(e => e.Text == "text") == 2
                    || read.Any(e => e.Text.Contains("is damaged", StringComparison.Ordinal))
                    || length == first
                    || length == first + 1,
                $"{length}"
            );
        }
    }

    [Fact]
    public void The_unit_s_identity_its_epoch_and_its_hold()
    {
        var disk = Disk();
        var id = UnitIdentity.Load(folder, disk).Id;
        foreach (var _ in CutsOf(Path.Combine(folder, "unit-id")))
        {
            var cut = Disk();
            Assert.True(UnitIdentity.Load(folder, cut).Id == id || cut.Problems.Count == 1);
        }

        StateFile.WriteEpoch(folder, 1234, disk);
        foreach (var _ in CutsOf(Path.Combine(folder, "epoch")))
        {
            var cut = Disk();
            Assert.InRange(StateFile.ReadEpoch(folder, cut), 0, 1234);
            Assert.Single(cut.Problems);
        }

        File.WriteAllText(Path.Combine(folder, "hold"), "7200000\nnew disk\n");
        foreach (var length in CutsOf(Path.Combine(folder, "hold")))
        {
            var hold = new HoldFile(folder, Disk()).Read();
            Assert.True(hold is { Remaining: null } || length == "7200000\n".Length, $"{length}");
        }
    }

    [Fact]
    public void Which_slot_runs()
    {
        using var workshop = new Workshop();
        var slots = new SlotStore(workshop.State);
        foreach (var (version, slot, running) in new[] { ("1.0.0", Slot.A, (Slot?)null), ("1.1.0", Slot.B, Slot.A) })
        {
            using var image = Workshop.Open(workshop.MakeImage(version));
            Assert.Null(slots.Install(image, image.ComputeHash(), workshop.Trust, Workshop.Now, slot, running));
        }

        Assert.Null(slots.BeginTrial(TimeSpan.FromMinutes(1)));
        Assert.Null(slots.Confirm(Slot.B));
        foreach (var file in new[] { "boot.json", "boot.last.json" })
        {
            var path = Directory.GetFiles(workshop.State, file, SearchOption.AllDirectories);
            foreach (var _ in path.Length > 0 ? CutsOf(path[0]) : [])
            {
                Assert.Equal(Slot.B, slots.Read(out var problem).Active);
            }
        }

        Assert.NotEmpty(Directory.GetFiles(workshop.State, "boot*.json"));
    }

    [Fact]
    public void The_cluster_s_key_and_settings()
    {
        var keys = new ClusterKeys(new ClusterKey([.. Enumerable.Range(1, ClusterKey.Size).Select(i => (byte)i)]));
        var file = Path.Combine(folder, "key.file");
        new KeyFile(file, folder, Disk()).Write(keys);
        foreach (var _ in CutsOf(file))
        {
            Assert.True(ClusterKeyFile.TryRead(file, folder, out var read, out var refusal, out var damage));
            Assert.Equal(keys.Sending.Id, read.Sending.Id);
        }

        var (unit, shared) = (Path.Combine(folder, "unit.yaml"), Path.Combine(folder, "cluster.yaml"));
        File.WriteAllText(
            unit,
            "cluster: { name: edge }\nunit: { name: gw1 }\n"
                + "heartbeat: { links: [{ interface: hb0, address: 10.0.0.1, peers: [10.0.0.2] }] }\ninterfaces: [{ name: lan0 }]\n"
        );
        File.WriteAllText(shared, "interfaces: [{ name: wan0 }]\n");
        Assert.True(LastGoodClusterFile.TryRead(unit, shared, out var before, out _, out _));
        foreach (var _ in CutsOf(shared))
        {
            Assert.True(LastGoodClusterFile.TryRead(unit, shared, out var settings, out var problems, out var damage));
            Assert.Equal("wan0", Assert.Single(settings.Interfaces).Name);
        }
    }

    [Fact]
    public void The_inventory()
    {
        var path = Path.Combine(folder, StateInventory.FileName);
        var inventory = new StateInventory([new KnownImage(new string('a', 64), "1.0.0", 5)], [Run], [Run]);
        File.WriteAllBytes(path, inventory.ToJson());
        Assert.Equal(inventory, StateInventory.TryRead(path));
        foreach (var _ in CutsOf(path))
        {
            Assert.Null(StateInventory.TryRead(path));
        }
    }

    [Fact]
    public void What_was_known_and_is_gone_is_lost_and_what_nobody_has_is_forgotten()
    {
        var journals = new JournalStore(folder, Disk());
        Assert.True(journals.Put([Begin()]));
        var parts = new RecoverableParts("gw1", Images(), null!, journals, null!);
        var hash = new string('b', 64);
        var known = new StateInventory([new KnownImage(hash, "1.0.0", 5)], [Run, "r-2"], [Run]);
        var lost = parts.LostOf(known);
        Assert.Equal(["image 1.0.0 (bbbbbbbb)", "the journal of r-2", $"the report of {Run}"], lost.Select(part => part.Name));
        Assert.Equal(known, parts.Take(known, [.. lost]));
        Assert.Equal(new StateInventory([], [Run], []), parts.Take(known, []));
    }

    [Fact]
    public void An_empty_folder_in_the_place_of_a_file_goes_and_keeps_no_other_file_from_being_written()
    {
        var disk = Disk();
        Directory.CreateDirectory(Path.Combine(folder, "epoch"));
        StateFile.WriteEpoch(folder, 7, disk);
        Assert.Equal(7, StateFile.ReadEpoch(folder, disk));
        var blocked = Directory.CreateDirectory(Path.Combine(folder, "hold", "full")).FullName;
        disk.Write("the hold", () => File.WriteAllText(Path.GetDirectoryName(blocked)!, ""));
        Assert.Single(disk.Problems);
        StateFile.WriteEpoch(folder, 8, disk);
        Assert.Equal(8, StateFile.ReadEpoch(folder, disk));
    }

    private StateDisk Disk() => new(folder, events);

    private ImageStore Images() => new(folder, Hitless.Firmware.Signing.TrustStore.Empty);

    /// <summary>Cuts a file off at every length below its own, the shortest first; it is whole again afterwards.</summary>
    private static IEnumerable<int> CutsOf(string path)
    {
        var bytes = File.ReadAllBytes(path);
        for (var length = 0; length < bytes.Length; length++)
        {
            File.WriteAllBytes(path, bytes[..length]);
            yield return length;
        }

        File.WriteAllBytes(path, bytes);
    }

    private static JournalEntry Begin() => JournalSamples.Begin(Run);

    private static RunReport Report() =>
        new(
            Run,
            "automatic",
            RunState.Completed,
            "0.9.0",
            "1.0.0",
            DateTimeOffset.UnixEpoch,
            1,
            null,
            [],
            [],
            new ReportSessions(1, 1, 0, 0),
            1,
            []
        );
}
