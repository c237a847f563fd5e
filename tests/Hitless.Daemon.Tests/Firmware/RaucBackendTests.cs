using Hitless.Boot;
using Hitless.Core.Firmware;
using Hitless.Firmware.Slots;
using Xunit;

namespace Hitless.Daemon.Tests.Firmware;

/// <summary>
/// The slot backend <c>rauc</c> with a real RAUC; what a machine without device mapper cannot carry are bundles of the format verity.
/// </summary>
public sealed class RaucBackendTests : IDisposable
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);
    private readonly RaucMachine machine = new();
    private readonly List<string> log = [];

    public void Dispose() => machine.Dispose();

    [Fact]
    public void A_system_goes_into_the_spare_slot_and_the_running_one_stays_the_next()
    {
        List<string> progress = [];
        var before = machine.ContentOf(Slot.A);
        Assert.Null(Install("1.1.0", progress.Add));
        Assert.Equal(RaucMachine.SystemOf("1.1.0"), machine.ContentOf(Slot.B)[..4096]);
        Assert.Equal(before, machine.ContentOf(Slot.A));
        Assert.Equal((Slot.A, (Slot?)Slot.A, "1.1.0"), (machine.Status.Booted, machine.Status.Next, machine.Status.B.BundleVersion));
        Assert.Equal(
            ("1.0.0", true, "1.1.0", false),
            (machine.State.A!.Version.ToString(), machine.State.A.Good, machine.State.B!.Version.ToString(), machine.State.B.Good)
        );
        Assert.Contains("RAUC, 80 %: Updating slots", progress);
        Assert.Equal(["manifest.json"], Directory.EnumerateFileSystemEntries(machine.Slots.FolderOf(Slot.B)).Select(Path.GetFileName));
    }

    [Fact]
    public void A_confirmed_trial_is_what_boots_from_then_on()
    {
        BeginTrial();
        Assert.Equal(Slot.B, machine.Status.Next);
        Reboot("1.1.0");
        Assert.Equal((Slot.B, Slot.A), (machine.State.Trial!.Slot, machine.State.Active));
        Assert.Null(machine.Slots.Confirm(Slot.B));
        Reboot("1.1.0");
        Assert.Equal((Slot.B, (Slot?)Slot.B, true), (machine.Status.Booted, machine.Status.Next, machine.Status.B.Good));
        Assert.Equal((Slot.B, null, true), (machine.State.Active, machine.State.Trial, machine.State.B!.Good));
    }

    [Fact]
    public void A_trial_that_is_never_confirmed_is_given_up_by_the_boot_loader()
    {
        BeginTrial();
        for (var tries = 0; tries < 3; tries++)
        {
            Reboot("1.1.0");
            Assert.Equal(Slot.B, machine.Status.Booted);
        }

        Reboot("1.0.0");
        Assert.Equal((Slot.A, null, false), (machine.Status.Booted, machine.State.Trial, machine.State.B!.Good));
        Assert.Equal(
            "fell back from version 1.1.0 in slot b to 1.0.0 in slot a: the boot loader started the other slot",
            machine.State.LastOutcome
        );
    }

    [Fact]
    public void A_rollback_marks_the_system_on_trial_as_bad_and_boots_the_other()
    {
        BeginTrial();
        Reboot("1.1.0");
        Assert.Null(machine.Slots.RollBack(machine.Slots.Read(out _).Active, "asked"));
        Assert.Equal((false, (Slot?)Slot.A), (machine.Status.B.Good, machine.Status.Next));
        Reboot("1.0.0");
        Assert.Equal((Slot.A, Slot.A, null), (machine.Status.Booted, machine.State.Active, machine.State.Trial));
    }

    [Fact]
    public void A_confirmed_upgrade_can_still_be_taken_back()
    {
        BeginTrial();
        Reboot("1.1.0");
        Assert.Null(machine.Slots.Confirm(Slot.B));
        Assert.Null(machine.Slots.RollBack(machine.Slots.Read(out _).Active, "asked"));
        Reboot("1.0.0");
        Assert.Equal((Slot.A, Slot.A, true), (machine.Status.Booted, machine.State.Active, machine.State.B!.Good));
    }

    [Fact]
    public void A_tampered_bundle_is_refused_by_RAUC_and_nothing_is_written()
    {
        var bundle = machine.MakeBundle("1.1.0");
        using (var file = File.OpenWrite(bundle))
        {
            file.Position = 200;
            file.Write("changed"u8);
        }

        AssertRefused(ImageFault.Tampered, "signature verification failed", "not the one that was signed", bundle);
    }

    [Fact]
    public void A_bundle_that_RAUC_s_keyring_does_not_know_is_refused()
    {
        machine.MakeKey("stranger");
        AssertRefused(ImageFault.Stranger, "signature verification failed", "keyring", machine.MakeBundle("1.1.0", signer: "stranger"));
    }

    [Fact]
    public void A_bundle_for_another_machine_is_refused() =>
        AssertRefused(
            ImageFault.NotAllowed,
            $"Compatible mismatch: Expected '{RaucMachine.Compatible}' but bundle manifest has 'toaster'",
            "compatible",
            machine.MakeBundle("1.1.0", compatible: "toaster")
        );

    [Fact]
    public void Our_own_signature_check_comes_before_RAUC()
    {
        var (mallory, _) = machine.Workshop.MakeKey("Mallory");
        using var image = machine.MakeImage("1.1.0", machine.MakeBundle("1.1.0"), mallory);
        mallory.Dispose();
        Assert.Equal(ImageFault.Stranger, machine.Install(image)!.Fault);
        Assert.DoesNotContain(machine.Calls, call => call.StartsWith("install", StringComparison.Ordinal));
    }

    [Fact]
    public void An_image_without_a_bundle_is_for_other_units()
    {
        using var image = Workshop.Open(machine.Workshop.MakeImage("1.1.0"));
        Assert.Contains("0 RAUC bundles", machine.Install(image)!.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Without_RAUC_s_service_nothing_is_changed()
    {
        Assert.Null(Install("1.1.0"));
        var before = File.ReadAllText(Path.Combine(machine.Workshop.State, "boot.json"));
        machine.StopService();
        Assert.Contains("systemctl status rauc", machine.Slots.BeginTrial(Minute)!.Remedy, StringComparison.Ordinal);
        Assert.Equal(before, File.ReadAllText(Path.Combine(machine.Workshop.State, "boot.json")));
        machine.Reboot();
        Assert.Null(machine.State.Trial);
    }

    [Fact]
    public void A_machine_without_RAUC_is_told_how_to_get_it()
    {
        var slots = new SlotStore(machine.Workshop.State, new RaucBackend(null, new RaucCommand("/nowhere/rauc")));
        slots.Read(out var problem);
        Assert.Contains("apt-get install rauc", problem!.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Hitless_boot_waits_for_RAUC_s_word_before_a_first_start()
    {
        machine.StopService();
        Assert.Equal(1, await Supervisor("/bin/true", "false").RunAsync(TestContext.Current.CancellationToken));
        Assert.Contains("rauc status", log[^1], StringComparison.Ordinal);
    }

    [Fact]
    public void A_system_that_was_written_by_hand_is_on_trial_when_it_boots()
    {
        Assert.Null(Install("1.1.0"));
        Assert.Null(machine.Rauc.Install(machine.MakeBundle("1.2.0"), _ => { }));
        Assert.Null(machine.State.B);
        Reboot("1.2.0");
        Assert.Equal((Slot.B, Slot.A, "1.2.0"), (machine.State.Trial!.Slot, machine.State.Active, machine.State.B!.Version.ToString()));
    }

    [Fact]
    public async Task Hitless_boot_falls_back_and_reboots_when_the_trial_misses_its_deadline()
    {
        BeginTrial(TimeSpan.FromMilliseconds(300));
        Reboot("1.1.0");
        var daemon = machine.PathOf("system-hitlessd");
        Workshop.WriteScript(daemon, $"echo $HITLESS_SLOTS $HITLESS_SLOT >{machine.PathOf("diary")}; exec sleep 1000");
        await SuperviseUntilRebootAsync(daemon);
        Assert.Equal("rauc b\n", await File.ReadAllTextAsync(machine.PathOf("diary"), TestContext.Current.CancellationToken));
        Assert.Equal((false, (Slot?)Slot.A), (machine.Status.B.Good, machine.Status.Next));
        Reboot("1.0.0");
        Assert.EndsWith("not confirmed within 0.3 s", machine.State.LastOutcome, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Hitless_boot_starts_a_trial_by_a_reboot_that_costs_no_try()
    {
        BeginTrial();
        await SuperviseUntilRebootAsync("/bin/false");
        Assert.Equal(BootState.DefaultTries, machine.State.Trial!.TriesLeft);
    }

    [Fact]
    public async Task Hitless_boot_gives_a_good_system_its_tries_back_at_each_start()
    {
        for (var boots = 0; boots < 5; boots++)
        {
            machine.Reboot();
            Assert.Equal(0, await Supervisor("/bin/true", "false").RunAsync(TestContext.Current.CancellationToken));
        }

        Assert.Equal(Slot.A, machine.Status.Booted);
        Assert.True(Directory.Exists(Path.GetDirectoryName(machine.Slots.FolderOf(Slot.A))), "upgrade check asks for the room there");
    }

    private async Task SuperviseUntilRebootAsync(string daemon)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        stop.CancelAfter(Minute);
        var rebooting = machine.PathOf("rebooting");
        using var watcher = new FileSystemWatcher(machine.Workshop.Folder, "rebooting");
        watcher.Created += (_, _) => stop.Cancel();
        watcher.EnableRaisingEvents = true;
        await Supervisor(daemon, "touch " + rebooting).RunAsync(stop.Token);
        Assert.True(File.Exists(rebooting));
    }

    private Supervisor Supervisor(string daemon, string reboot) =>
        new(
            new BootOptions(machine.Workshop.State, null, null, reboot, [], null, null, daemon),
            new SlotStore(machine.Workshop.State, new RaucBackend(null, machine.Rauc)),
            new OwnProgram("/none"),
            log.Add
        );

    private ImageProblem? Install(string version, Action<string>? tell = null)
    {
        using var image = machine.MakeImage(version, machine.MakeBundle(version));
        return machine.Install(image, tell);
    }

    private void BeginTrial(TimeSpan? confirm = null)
    {
        Assert.Null(Install("1.1.0"));
        Assert.Null(machine.Slots.BeginTrial(confirm ?? Minute));
    }

    private void Reboot(string version)
    {
        machine.Own = Workshop.Options(version).Version;
        machine.Reboot();
    }

    private void AssertRefused(ImageFault fault, string error, string remedy, string bundle)
    {
        using var image = machine.MakeImage("1.1.0", bundle);
        var refusal = machine.Install(image)!;
        Assert.Equal(fault, refusal.Fault);
        Assert.Contains(error, refusal.Error, StringComparison.Ordinal);
        Assert.Contains(remedy, refusal.Remedy, StringComparison.Ordinal);
        Assert.Equal((Slot.A, (Slot?)Slot.A), (machine.Status.Booted, machine.Status.Next));
        Assert.All(machine.ContentOf(Slot.B), b => Assert.Equal(0, b));
        Assert.False(Directory.Exists(machine.Slots.FolderOf(Slot.B) + ".unpacking"));
    }
}
