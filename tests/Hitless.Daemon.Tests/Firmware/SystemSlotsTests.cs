using Hitless.Core.Firmware;
using Hitless.Firmware.Slots;
using Xunit;

namespace Hitless.Daemon.Tests.Firmware;

/// <summary>Images whose recipe changes the system, here a file: what stands there belongs to the slot that starts next.</summary>
public sealed class SystemSlotsTests : IDisposable
{
    private readonly Workshop workshop = new();

    public SystemSlotsTests()
    {
        File.WriteAllText(SystemFile, "former");
        Assert.Null(Install(Store, "1.0.0", Slot.A, null, recipe: null));
    }

    private string SystemFile => workshop.PathOf("system");

    private string System => File.ReadAllText(SystemFile).Trim();

    // A daemon's, or hitless-boot's: each looks at the disk anew.
    private SlotStore Store => new(workshop.State);

    private SystemRecipe Recipe =>
        new(
            "a new system",
            Install: $"echo new >{SystemFile}",
            Stage: "test -f hitlessd",
            Check: $"grep -q new {SystemFile}",
            Revert: $"echo former >{SystemFile}"
        );

    public void Dispose() => workshop.Dispose();

    [Fact]
    public void A_run_changes_it_before_the_trial_and_keeps_it()
    {
        Assert.Null(Install(Store, "1.0.0+system.1", Slot.B, Slot.A, Recipe));
        Assert.Equal("former", System);
        Try(Store);
        Assert.Equal("new", System);
        Assert.Null(Store.Confirm(Slot.B));
        Assert.Equal("new", System);
        Assert.Null(Store.Backend.Leftover);

        // Long after, the way back is still there.
        Assert.Null(Store.RollBack(Slot.B, "asked"));
        Assert.Equal("former", System);
    }

    [Fact]
    public void A_trial_that_is_lost_takes_it_back()
    {
        Assert.Null(Install(Store, "1.0.0+system.1", Slot.B, Slot.A, Recipe));
        Try(Store);
        Assert.Null(Store.Write(BootRules.FallBack(Store.Read(out _), "not confirmed")));
        Assert.Equal("former", System);
    }

    [Fact]
    public void A_system_that_is_not_as_meant_is_not_confirmed()
    {
        Assert.Null(Install(Store, "1.0.0+system.1", Slot.B, Slot.A, Recipe with { Check = "echo no kernel; false" }));
        Try(Store);
        var problem = Store.Confirm(Slot.B);
        Assert.Contains("(\"no kernel\")", problem!.Error, StringComparison.Ordinal);
        Assert.NotNull(Store.Read(out _).Trial);
        Assert.Null(Store.RollBack(Slot.B, "refused"));
        Assert.Equal("former", System);
    }

    [Fact]
    public void A_change_that_fails_half_way_is_taken_back_and_there_is_no_trial()
    {
        Assert.Null(
            Install(Store, "1.0.0+system.1", Slot.B, Slot.A, Recipe with { Install = $"echo half >{SystemFile}; echo E: broken; exit 100" })
        );
        var problem = Store.Prepare(_ => { });
        Assert.Contains("ended with 100 (\"E: broken\")", problem!.Error, StringComparison.Ordinal);
        Assert.Equal("former", System);
        Assert.Null(Store.Read(out _).Trial);
    }

    [Fact]
    public void What_cannot_be_staged_is_not_installed()
    {
        Assert.Contains(
            "(\"no room\")",
            Install(Store, "1.0.0+system.1", Slot.B, Slot.A, Recipe with { Stage = "echo no room; false" })!.Error
        );
        Assert.Null(Store.Read(out _).B);
        Assert.Equal("former", System);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("false")]
    public void Without_a_way_back_the_former_slot_runs_all_the_same_and_it_is_said(string? revert)
    {
        Assert.Null(Install(Store, "1.0.0+system.1", Slot.B, Slot.A, Recipe with { Revert = revert }));
        Try(Store);
        Assert.Null(Store.RollBack(Slot.B, "asked"));
        Assert.Equal((Slot.A, "new"), (BootRules.Boot(Store.Read(out _)).Slot, System));
        Assert.Contains("a new system", Store.Backend.Leftover!, StringComparison.Ordinal);
        Assert.False(Store.Backend.IsBehind(Store.Read(out _)));

        // The next installation is a new beginning.
        Assert.Null(Install(Store, "1.1.0", Slot.B, Slot.A, recipe: null));
        Assert.Null(Store.Backend.Leftover);
    }

    [Fact]
    public void A_power_cut_in_the_middle_is_made_good_at_the_next_start()
    {
        Assert.Null(Install(Store, "1.0.0+system.1", Slot.B, Slot.A, Recipe));
        Assert.Null(Store.Prepare(_ => { }));
        var store = Store;
        Assert.True(store.Backend.IsBehind(store.Read(out _)));
        Assert.Null(store.Write(store.Read(out _)));
        Assert.Equal("former", System);
        Assert.False(Store.Backend.IsBehind(Store.Read(out _)));
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("null")]
    public void A_damaged_record_is_said_and_keeps_nobody_from_the_former_slot(string content)
    {
        Assert.Null(Install(Store, "1.0.0+system.1", Slot.B, Slot.A, Recipe));
        Try(Store);
        File.WriteAllText(Path.Combine(workshop.State, "system.json"), content);
        Assert.Contains("system.json is damaged", Store.Backend.Leftover!, StringComparison.Ordinal);
        Assert.Null(Store.RollBack(Slot.B, "asked"));
        Assert.Equal(Slot.A, BootRules.Boot(Store.Read(out _)).Slot);
        Assert.Null(Install(Store, "1.1.0", Slot.B, Slot.A, recipe: null));
        Assert.Null(Store.Backend.Leftover);
    }

    [Fact]
    public void A_reboot_is_due_after_the_change_and_after_the_way_back_unless_they_follow_each_other()
    {
        var recipe = Recipe with { Reboot = true };
        Assert.Null(Install(Store, "1.0.0+system.1", Slot.B, Slot.A, recipe));
        var daemon = Store;
        Try(daemon);
        Assert.Equal(SlotStore.ExitReboot, daemon.ExitCodeTo(Slot.B));
        var booted = Store;
        Assert.Null(booted.RollBack(Slot.B, "asked"));
        Assert.Equal(SlotStore.ExitReboot, booted.ExitCodeTo(Slot.A));

        Assert.Null(Install(Store, "1.0.0+system.1", Slot.B, Slot.A, recipe with { Install = "false" }));
        var failed = Store;
        Assert.NotNull(failed.Prepare(_ => { }));
        Assert.False(failed.Backend.TakeRebootDue());
    }

    [Fact]
    public void A_command_that_does_not_end_is_killed()
    {
        Assert.Null(Install(Store, "1.0.0+system.1", Slot.B, Slot.A, Recipe with { Install = "sleep 100", LimitSeconds = 1 }));
        Assert.Contains("did not end within 1 s", Store.Prepare(_ => { })!.Error, StringComparison.Ordinal);
    }

    private static void Try(SlotStore store)
    {
        Assert.Null(store.Prepare(_ => { }));
        Assert.Null(store.BeginTrial(TimeSpan.FromMinutes(1)));
        Assert.Null(store.Write(BootRules.Boot(store.Read(out _)).State));
    }

    private ImageProblem? Install(SlotStore store, string version, Slot slot, Slot? running, SystemRecipe? recipe)
    {
        using var image = Workshop.Open(workshop.MakeImage(version, recipe: recipe));
        return store.Install(image, image.ComputeHash(), workshop.Trust, Workshop.Now, slot, running);
    }
}
