using Hitless.Core.Firmware;
using Hitless.Firmware.Slots;
using Xunit;

namespace Hitless.Daemon.Tests.Firmware;

public sealed class SlotStoreTests : IDisposable
{
    private readonly Workshop workshop = new();
    private readonly SlotStore slots;

    public SlotStoreTests() => slots = new SlotStore(workshop.State);

    public void Dispose() => workshop.Dispose();

    [Fact]
    public void An_upgrade_goes_into_the_spare_slot_and_counts_when_confirmed()
    {
        Assert.Null(Install("1.0.0", Slot.A, null));
        Assert.Null(Install("1.1.0", Slot.B, Slot.A));
        Assert.Null(slots.BeginTrial(TimeSpan.FromMinutes(1)));
        Assert.Equal(Slot.B, BootRules.Boot(State).Slot);
        Assert.Null(slots.Confirm(Slot.B));
        Assert.Equal((Slot.B, true, "1.1.0"), (State.Active, State.B!.Good, State.B.Version.ToString()));
        Assert.Null(slots.RollBack(slots.Read(out _).Active, "asked"));
        Assert.Equal(Slot.A, State.Active);
    }

    [Fact]
    public void The_running_slot_is_never_written()
    {
        Assert.Null(Install("1.0.0", Slot.A, null));
        Assert.Equal(ImageFault.SlotBusy, Install("1.1.0", Slot.A, Slot.A)!.Fault);
        Assert.True(File.Exists(Path.Combine(slots.FolderOf(Slot.A), "hitlessd")));
    }

    [Fact]
    public void A_stranger_s_image_changes_nothing()
    {
        Assert.Null(Install("1.0.0", Slot.A, null));
        var before = State;
        var (mallory, _) = workshop.MakeKey("Mallory");
        using var image = Workshop.Open(workshop.MakeImage("1.1.0", signer: mallory));
        mallory.Dispose();
        Assert.Equal(ImageFault.Stranger, slots.Install(image, "hash", workshop.Trust, Workshop.Now, Slot.B, Slot.A)!.Fault);
        Assert.Equal(before, State);
        Assert.False(Directory.Exists(slots.FolderOf(Slot.B)));
    }

    [Fact]
    public void What_a_power_cut_left_half_done_is_in_nobody_s_way()
    {
        Assert.Null(Install("1.0.0", Slot.A, null));
        foreach (var leftOver in new[] { ".unpacking", ".discarded" })
        {
            Directory.CreateDirectory(slots.FolderOf(Slot.B) + leftOver);
            File.WriteAllText(Path.Combine(slots.FolderOf(Slot.B) + leftOver, "hitlessd"), "half");
        }

        File.WriteAllText(Path.Combine(workshop.State, "boot.json.new"), "{\"acti");
        Assert.Null(Install("1.1.0", Slot.B, Slot.A));
        Assert.Null(Install("1.2.0", Slot.B, Slot.A));
        Assert.Equal(
            ["a", "b"],
            Directory.EnumerateDirectories(Path.Combine(workshop.State, "slots")).Select(Path.GetFileName).Order(StringComparer.Ordinal)
        );
        Assert.Equal("1.2.0", State.B!.Version.ToString());
    }

    [Fact]
    public void An_unreadable_boot_file_is_named_and_the_slots_are_asked()
    {
        Assert.Null(Install("1.0.0", Slot.A, null));
        File.WriteAllText(Path.Combine(workshop.State, "boot.json"), "not json");
        var state = slots.Read(out var problem);
        Assert.Contains("boot.json cannot be read", problem!.Error, StringComparison.Ordinal);
        Assert.Equal(Slot.A, BootRules.Boot(state).Slot);
    }

    [Theory]
    [InlineData("not json")]
    [InlineData("null")]
    [InlineData("")]
    [InlineData(null)]
    public void A_damaged_boot_file_is_replaced_by_its_last_good_copy(string? content)
    {
        Assert.Null(Install("1.0.0", Slot.A, null));
        Assert.Null(Install("1.1.0", Slot.B, Slot.A));
        Assert.Null(slots.BeginTrial(TimeSpan.FromSeconds(9)));
        Assert.Null(slots.Confirm(Slot.B));
        File.Delete(Path.Combine(workshop.State, "boot.json"));
        if (content is not null)
        {
            File.WriteAllText(Path.Combine(workshop.State, "boot.json"), content);
        }

        var state = slots.Read(out var problem);
        Assert.Contains("last good copy", problem!.Remedy, StringComparison.Ordinal);
        Assert.Equal(Slot.B, BootRules.Boot(state).Slot);
    }

    [Fact]
    public void A_disk_without_a_free_byte_is_named_and_the_slots_stay_as_they_are()
    {
        using var disk = new SmallDisk("size=1m");
        var full = new SlotStore(disk.Folder);
        using var image = Workshop.Open(workshop.MakeImage("1.0.0"));
        using (var ballast = File.Create(disk.PathOf("ballast")))
        {
            Assert.ThrowsAny<IOException>(() => ballast.Write(new byte[2 << 20]));
        }

        var problem = full.Install(image, "hash", workshop.Trust, Workshop.Now, Slot.A, running: null);
        Assert.Equal(ImageFault.DiskFull, problem!.Fault);
        Assert.Equal([disk.PathOf("ballast")], Directory.EnumerateFiles(disk.Folder, "*", SearchOption.AllDirectories));
    }

    private BootState State => slots.Read(out _);

    private ImageProblem? Install(string version, Slot slot, Slot? running)
    {
        using var image = Workshop.Open(workshop.MakeImage(version));
        return slots.Install(image, "hash-of-" + version, workshop.Trust, Workshop.Now, slot, running);
    }
}
