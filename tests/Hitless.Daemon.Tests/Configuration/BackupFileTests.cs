using System.Formats.Tar;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using Hitless.Core.Api;
using Hitless.Daemon.Configuration;
using Xunit;

namespace Hitless.Daemon.Tests.Configuration;

public sealed class BackupFileTests : IDisposable
{
    private readonly Bench _bench = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private string Path => _bench.Folder + "/gw1.tar.gz";

    public void Dispose() => _bench.Dispose();

    [Fact]
    public async Task A_backup_holds_everything_and_comes_back_on_a_fresh_unit()
    {
        var info = await Backup();
        Assert.Equal(("edge", "gw1", 2, "# its own\n"), (info.Cluster, info.Unit, info.Revisions, Assert.Single(info.Units).UnitFile));
        Assert.True(BackupFile.TryRead(Path, out var content, out _));
        Assert.Equal([1, 2], content.Trunk.Select(r => r.Number));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path));
        Assert.Equal(
            "OK",
            (
                await ShellCommand.RunAsync(
                    $"cd $(mktemp -d -p {_bench.Folder}) && tar xzf {Path} && sha256sum --quiet -c SHA256SUMS && cmp "
                        + $"files/etc/a.conf revisions/../files/etc/a.conf && echo OK",
                    TimeSpan.FromSeconds(20),
                    Cancel
                )
            ).Output
        );

        _bench["gw1"].Cut = true;
        var fresh = _bench.Add("gw9");
        var result = await fresh.Service.RestoreAsync(Path, "anna", 5, fresh, Cancel);
        Assert.Null(result.Refusal);
        Assert.Equal(
            (_bench["gw1"].Service.Current, "two", "two"),
            (fresh.Service.Current, fresh.Disk(Bench.A), fresh.Disk(Bench.A + ".applied"))
        );
    }

    [Fact]
    public async Task A_backup_in_a_running_cluster_becomes_a_new_revision()
    {
        await Backup();
        var gw1 = _bench["gw1"];
        await gw1.Commit(Bench.A, "three");
        var result = await gw1.Service.RestoreAsync(Path, "anna", 1, gw1, Cancel);
        Assert.Equal((4, "two"), (result.Revision?.Number, gw1.Disk(Bench.A)));
    }

    [Fact]
    public async Task A_fresh_unit_that_has_only_its_factory_files_takes_the_whole_history()
    {
        await Backup();
        _bench["gw1"].Cut = true;
        var fresh = _bench.Add("gw9", "factory");
        await fresh.BecomePrimary(7);
        Assert.Null((await fresh.Service.RestoreAsync(Path, "anna", 7, fresh, Cancel)).Refusal);
        Assert.Equal((_bench["gw1"].Service.Current, "two"), (fresh.Service.Current, fresh.Disk(Bench.A)));
        Assert.Contains(
            "factory",
            Encoding.UTF8.GetString(
                (await fresh.Service.FindAsync(Assert.Single((await fresh.History()).Branches).Name, fresh, Cancel))!.Files[0].Content
            )
        );
    }

    [Fact]
    public async Task A_backup_has_what_is_each_units_own_and_branches_of_all()
    {
        var (gw1, gw2) = (_bench.Add("gw1", "one"), _bench.Add("gw2", "one"));
        var dead = _bench.Add("gw3");
        dead.Cut = true;
        File.WriteAllText(gw2.Root + "/unit.yaml", UnitYaml("gw2"));
        File.WriteAllText(_bench.Folder + "/cluster.key", "the key");
        await gw1.BecomePrimary();
        await gw2.SyncFrom("gw1");
        gw2.Write(Bench.A, "by hand on gw2");
        await gw2.Service.Local.RepairAsync(Cancel);
        var (info, _) = await gw1.Service.BackupAsync(Path, "1.0.0", secrets: true, gw1, Cancel);
        Assert.Equal(
            ("gw1 gw2", "gw3", 2),
            (string.Join(' ', info!.Units.Select(u => u.Unit)), string.Join(' ', info.Unreachable), info.Revisions)
        );
        Assert.True(BackupFile.TryRead(Path, out var content, out _));
        Assert.Contains(content.Revisions, r =>
            r.Info.Author == "drift" && Encoding.UTF8.GetString(r.Files[0].Content) == "by hand on gw2"
        );

        var place = _bench.Folder + "/new/unit.yaml";
        Assert.StartsWith($"the backup {Path} has no unit gw7", UnitRestore.Run(Path, "gw7", place).Refusal?.Error);
        var (written, refusal) = UnitRestore.Run(Path, "gw2", place);
        Assert.Null(refusal);
        Assert.Equal((place, UnitYaml("gw2")), (Assert.Single(written), await File.ReadAllTextAsync(place, Cancel)));
        Assert.Contains("is there already; nothing was changed", UnitRestore.Run(Path, "gw2", place).Refusal?.Error);
    }

    [Fact]
    public async Task A_backup_without_secrets_holds_none_and_restores_the_rest()
    {
        using var bench = new Bench { Listed = [new(Bench.A, null, null), new(Bench.B, null, null, Secret: true)] };
        var gw1 = bench.Add("gw1", "one", "hush");
        await gw1.BecomePrimary();
        Assert.Null((await gw1.Service.BackupAsync(Path, "1.0.0", secrets: false, gw1, Cancel)).Refusal);
        Assert.Equal(
            "",
            (
                await ShellCommand.RunAsync(
                    $"tar xzOf {Path} | grep -e hush -e {Convert.ToBase64String("hush"u8)}",
                    TimeSpan.FromSeconds(20),
                    Cancel
                )
            ).Output
        );
        await gw1.Commit(Bench.A, "two");
        await gw1.Commit(Bench.B, "louder");
        Assert.Null((await gw1.Service.RestoreAsync(Path, "anna", 1, gw1, Cancel)).Refusal);
        Assert.Equal(("one", "louder"), (gw1.Disk(Bench.A), gw1.Disk(Bench.B)));
    }

    [Fact]
    public void Backups_are_due_by_the_clock_and_the_newest_of_each_kind_stay()
    {
        var folder = Directory.CreateDirectory(_bench.Folder + "/backups").FullName;
        var backups = new BackupFolder(folder, new Core.Configuration.KeepSettings(10, TimeSpan.FromDays(1), 2));
        var now = new DateTimeOffset(2030, 1, 1, 12, 0, 0, TimeSpan.Zero);
        Assert.Null(backups.LastAge(now));
        for (var day = 0; day < 4; day++)
        {
            var due = backups.Scheduled(now.AddDays(day));
            Assert.Equal($"{folder}/scheduled-2030010{day + 1}-120000.backup", due);
            File.WriteAllText(due, "");
            File.WriteAllText(backups.ForRun($"2030010{day + 1}-130000"), "");
            Assert.Equal(TimeSpan.FromHours(23), backups.LastAge(now.AddDays(day).AddHours(23)));
        }

        backups.Prune(backups.Scheduled(now.AddDays(3)), now.AddDays(4));
        Assert.Equal(
            ["20300103-130000.backup", "20300104-130000.backup", "scheduled-20300103-120000.backup", "scheduled-20300104-120000.backup"],
            Directory.EnumerateFiles(folder).Select(System.IO.Path.GetFileName).Order(StringComparer.Ordinal)
        );
    }

    [Fact]
    public void What_requests_left_in_the_folder_is_removed_and_backups_are_not()
    {
        var folder = _bench.Folder + "/backups";
        var backups = new BackupFolder(folder, new Core.Configuration.KeepSettings(10, TimeSpan.FromDays(1), 2));
        backups.RemoveTemporary();
        var (one, other) = (backups.Temporary(), backups.Temporary());
        Assert.NotEqual(one, other);
        foreach (var left in new[] { one, other + ".new", System.IO.Path.Combine(folder, ".download"), backups.ForRun("20300101-120000") })
        {
            File.WriteAllText(left, "the key");
        }

        backups.RemoveTemporary();
        Assert.Equal(["20300101-120000.backup"], Directory.EnumerateFiles(folder).Select(System.IO.Path.GetFileName));
    }

    [Fact]
    public async Task A_backup_that_is_damaged_anywhere_is_refused_and_nothing_is_thrown()
    {
        await Backup();
        var valid = await File.ReadAllBytesAsync(Path, Cancel);
        var random = new Random(5);
        for (var i = 0; i < 400; i++)
        {
            var bytes = random.Next(3) == 0 ? valid[..random.Next(valid.Length)] : (byte[])valid.Clone();
            // The first ten bytes are gzip's header, whose time stamp and flags carry no content.
            for (var n = bytes.Length < valid.Length ? 0 : random.Next(1, 4); n > 0; n--)
            {
                bytes[random.Next(10, bytes.Length)] ^= (byte)random.Next(1, 256);
            }

            File.WriteAllBytes(Path, bytes);
            var read = BackupFile.TryRead(Path, out var content, out var refusal);
            Assert.True(read ? content!.Head is not null : refusal!.Error.StartsWith("the backup ", StringComparison.Ordinal));
        }
    }

    [Theory]
    [InlineData("../evil", TarEntryType.RegularFile, "leads out of it")]
    [InlineData("/etc/evil", TarEntryType.RegularFile, "leads out of it")]
    [InlineData("revisions/../../evil", TarEntryType.RegularFile, "leads out of it")]
    [InlineData("link", TarEntryType.SymbolicLink, "which is no plain file (SymbolicLink)")]
    [InlineData("link", TarEntryType.HardLink, "which is no plain file (HardLink)")]
    [InlineData("device", TarEntryType.CharacterDevice, "which is no plain file (CharacterDevice)")]
    [InlineData("extra", TarEntryType.RegularFile, "which has no checksum")]
    [InlineData("about.json", TarEntryType.RegularFile, "holds about.json twice")]
    public async Task A_backup_with_more_in_it_than_belongs_there_is_refused(string name, TarEntryType type, string expected)
    {
        await Backup();
        AddEntry(name, type);
        Assert.False(BackupFile.TryRead(Path, out _, out var refusal));
        Assert.Contains(expected, refusal.Error);
    }

    [Fact]
    public void A_huge_entry_is_refused_before_it_is_read()
    {
        using (var file = File.Create(Path))
        using (var gzip = new GZipStream(file, CompressionLevel.Fastest))
        {
            // A header that claims 4 GiB, and nothing behind it.
            var header = new byte[512];
            Encoding.ASCII.GetBytes("about.json").CopyTo(header, 0);
            Encoding.ASCII.GetBytes("0000600\00000000\00000000\0" + "40000000000\0" + "00000000000\0" + "        0").CopyTo(header, 100);
            Encoding.ASCII.GetBytes("ustar\000").CopyTo(header, 257);
            Encoding.ASCII.GetBytes(Convert.ToString(header.Sum(b => b), 8).PadLeft(6, '0') + "\0 ").CopyTo(header, 148);
            gzip.Write(header);
        }

        Assert.False(BackupFile.TryRead(Path, out _, out var refusal));
        Assert.Contains("more than is taken", refusal.Error);
    }

    [Fact]
    public void What_is_no_backup_is_refused()
    {
        Assert.False(BackupFile.TryRead(_bench.Folder + "/none", out _, out var refusal));
        Assert.Contains("cannot be read", refusal.Error);
        File.WriteAllBytes(Path, RandomNumberGenerator.GetBytes(1000));
        Assert.False(BackupFile.TryRead(Path, out _, out refusal));
        Assert.Contains("is damaged", refusal.Error);
    }

    private static string UnitYaml(string name) =>
        $"cluster: {{ name: edge }}\nunit: {{ name: {name} }}\nheartbeat: {{ links: [{{ interface: hb0, address: 10.0.0.1, peers: "
        + $"[10.0.0.2] }}] }}\ninterfaces: [{{ name: lan0 }}]\n";

    private async Task<BackupInfo> Backup()
    {
        var gw1 = _bench.Add("gw1", "one");
        File.WriteAllText(gw1.Root + "/unit.yaml", "# its own\n");
        await gw1.BecomePrimary();
        await gw1.Commit(Bench.A, "two");
        var (info, refusal) = await gw1.Service.BackupAsync(Path, "1.0.0", true, gw1, Cancel);
        Assert.Null(refusal);
        return info!;
    }

    private void AddEntry(string name, TarEntryType type)
    {
        using var memory = new MemoryStream();
        using (var old = new TarReader(new GZipStream(File.OpenRead(Path), CompressionMode.Decompress)))
        using (var changed = new TarWriter(new GZipStream(memory, CompressionLevel.Fastest, leaveOpen: true), TarEntryFormat.Pax))
        {
            while (old.GetNextEntry(copyData: true) is { } entry)
            {
                changed.WriteEntry(entry);
            }

            changed.WriteEntry(
                type is TarEntryType.SymbolicLink or TarEntryType.HardLink
                    ? new PaxTarEntry(type, name) { LinkName = "/etc/passwd" }
                    : new PaxTarEntry(type, name)
            );
        }

        File.WriteAllBytes(Path, memory.ToArray());
    }
}
