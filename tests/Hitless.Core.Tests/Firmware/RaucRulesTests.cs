using System.Text;
using Hitless.Core.Firmware;
using Xunit;

namespace Hitless.Core.Tests.Firmware;

public sealed class RaucRulesTests
{
    /// <summary>As <c>rauc 1.8 status --detailed --output-format=json</c> printed it, the devices shortened.</summary>
    private const string Said = """
        {"compatible":"hitless-test","variant":"","booted":"A","boot_primary":"rootfs.1","slots":[
        {"rootfs.1":{"class":"rootfs","device":"/dev/b","type":"raw","bootname":"B","state":"inactive","parent":null,"mountpoint":null,
        "boot_status":"bad","slot_status":{"bundle":{"compatible":"hitless-test","version":"1.0.0"},
        "checksum":{"sha256":"d0f9","size":1000000},"installed":{"timestamp":"2026-11-22T07:57:07Z","count":3},"status":"ok"}}},
        {"rootfs.0":{"class":"rootfs","device":"/dev/a","type":"raw","bootname":"A","state":"booted","parent":null,"mountpoint":null,
        "boot_status":"good","slot_status":{"bundle":{"compatible":null}}}},
        {"data.0":{"class":"data","device":"/dev/c","type":"raw","bootname":null,
        "state":"inactive","parent":null,"mountpoint":null,"boot_status":null}}]}
        """;

    private static readonly SemanticVersion Old = new(1, 0, 0);
    private static readonly SemanticVersion New = new(1, 1, 0);
    private static readonly RaucSlot A = new("rootfs.0", Good: true, null, null);
    private static readonly RaucSlot B = new("rootfs.1", Good: true, null, null);
    private static readonly BootState OldInA = RaucRules.Observe(BootState.Empty, new RaucStatus(Slot.A, Slot.A, A, B), Old);
    private static readonly BootState NewInB = BootRules.Installed(OldInA, Slot.B, New, "new", "d0f9");

    [Fact]
    public void What_RAUC_says_is_read()
    {
        Assert.True(RaucStatus.TryRead(Encoding.UTF8.GetBytes(Said), out var status, out _));
        Assert.Equal(new RaucStatus(Slot.A, Slot.B, A, new RaucSlot("rootfs.1", Good: false, "1.0.0", "d0f9")), status);
    }

    [Theory]
    [InlineData("{}", "something else than JSON")]
    [InlineData("{\"boot_primary\":null,\"slots\":[null,{\"x\":null}]}", "does not know which slot runs")]
    [InlineData(
        "{\"boot_primary\":null,\"slots\":[{\"rescue.0\":{\"class\":\"rescue\",\"state\":\"booted\",\"bootname\":\"R\"}}]}",
        "1 slots of the class rescue"
    )]
    public void What_cannot_be_used_is_named(string json, string why)
    {
        Assert.False(RaucStatus.TryRead(Encoding.UTF8.GetBytes(json), out _, out var problem));
        Assert.Contains(why, problem!.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Damaged_answers_are_refused_and_never_thrown_at_us()
    {
        var random = new Random(26);
        for (var round = 0; round < 20_000; round++)
        {
            var bytes = Encoding.UTF8.GetBytes(Said);
            for (var damage = random.Next(1, 6); damage > 0; damage--)
            {
                bytes[random.Next(bytes.Length)] = (byte)"{}[]\",:nul0\\"[random.Next(12)];
            }

            var read = RaucStatus.TryRead(bytes.AsSpan(0, random.Next(bytes.Length + 1)), out var status, out var problem);
            Assert.Equal(read, status is not null);
            Assert.Equal(!read, problem is not null);
        }
    }

    [Fact]
    public void A_running_trial_is_not_given_its_tries_back()
    {
        Assert.True(BootRules.TryBeginTrial(NewInB, 3, TimeSpan.FromMinutes(1), out var trial, out _));
        Assert.Equal([new RaucMark("mark-active", "rootfs.1")], RaucRules.Marks(trial, new RaucStatus(Slot.A, Slot.A, A, B)));
        Assert.Empty(RaucRules.Marks(trial, new RaucStatus(Slot.B, Slot.A, A, B)));
    }

    [Fact]
    public void A_slot_that_was_written_by_hand_holds_nothing_that_we_know()
    {
        Assert.Null(RaucRules.Observe(NewInB, new RaucStatus(Slot.A, Slot.A, A, B with { Sha256 = "other" }), Old).B);
        Assert.Equal(New, RaucRules.Observe(NewInB, new RaucStatus(Slot.A, Slot.A, A, B with { Sha256 = "d0f9" }), Old).B!.Version);
    }

    [Fact]
    public void The_active_system_stays_good_when_its_daemon_was_renewed_in_place()
    {
        var state = RaucRules.Observe(NewInB, new RaucStatus(Slot.A, Slot.A, A, B), new SemanticVersion(1, 0, 1));
        Assert.Equal(new SlotContent(new(1, 0, 1), "", Good: true), state.A);
        Assert.Equal([new RaucMark("mark-good", "rootfs.0")], RaucRules.Marks(state, new RaucStatus(Slot.A, Slot.A, A, B)));
    }

    [Fact]
    public void A_good_system_that_the_boot_loader_chose_by_itself_stays()
    {
        Assert.True(BootRules.TryBeginTrial(NewInB, 3, TimeSpan.FromMinutes(1), out var trial, out _));
        Assert.True(BootRules.TryConfirm(trial, Slot.B, out var confirmed, out _));
        var state = RaucRules.Observe(confirmed, new RaucStatus(Slot.A, null, A, B), Old);
        Assert.Equal((Slot.A, "the boot loader started slot a by itself"), (state.Active, state.LastOutcome));
    }

    /// <summary>Each change is cut after each of its effects, and the machine boots what RAUC was told last.</summary>
    [Theory]
    [InlineData("install")]
    [InlineData("try")]
    [InlineData("confirm")]
    [InlineData("fall back")]
    [InlineData("roll back")]
    public void After_a_power_cut_the_active_system_is_a_good_one_and_one_that_is_not_runs_on_trial(string change)
    {
        Assert.True(BootRules.TryBeginTrial(NewInB, 3, TimeSpan.FromMinutes(1), out var trial, out _));
        Assert.True(BootRules.TryConfirm(trial, Slot.B, out var confirmed, out _));
        Assert.True(BootRules.TryRollBack(confirmed, confirmed.Active, "asked", out var back, out _));
        var (before, booted, after) = change switch
        {
            "install" => (OldInA, Slot.A, NewInB),
            "try" => (NewInB, Slot.A, trial),
            "confirm" => (trial, Slot.B, confirmed),
            "fall back" => (trial, Slot.B, BootRules.FallBack(trial, "asked")),
            _ => (confirmed, Slot.B, back),
        };

        // RAUC's own installation may leave the new system as the next one, if system.conf does not forbid it.
        Slot? next = change is "install" ? Slot.B : booted;
        var effects = RaucRules.Marks(after, new RaucStatus(booted, next, A, B)).Select(m => (RaucMark?)m).ToList();
        effects.Insert(after.Trial is null ? effects.Count : 0, null);
        for (var done = 0; done <= effects.Count; done++)
        {
            var (record, chosen) = (before, next);
            foreach (var effect in effects.Take(done))
            {
                record = effect is null ? after : record;
                chosen = effect is { Verb: "mark-active" } mark ? (mark.Slot == A.Name ? Slot.A : Slot.B) : chosen;
            }

            var runs = chosen!.Value;
            var state = RaucRules.Observe(record, new RaucStatus(runs, chosen, A, B), runs == Slot.A ? Old : New);
            Assert.True(state.Content(state.Active)!.Good, $"{change}, cut after {done}");
            Assert.True(state.Active == runs || state.Trial?.Slot == runs, $"{change}, cut after {done}: slot {runs} runs, {state}");
            Assert.True(
                state.Content(runs)!.Good || state.Trial?.Slot == runs,
                $"{change}, cut after {done}: slot {runs} was never confirmed"
            );
        }
    }

    [Theory]
    [InlineData(" 40% Checking bundle", 40, "Checking bundle")]
    [InlineData("100% Installing failed.", null, null)]
    [InlineData("  0% Installing", 0, "Installing")]
    [InlineData("installing", null, null)]
    public void Progress_is_what_begins(string line, int? percent, string? what) =>
        Assert.Equal((percent, what), RaucRules.TryReadProgress(line, out var p, out var w) ? (p, w) : ((int?)null, (string?)null));

    [Fact]
    public void A_kernel_without_device_mapper_is_named()
    {
        var problem = RaucRules.Explain(
            "Installing failed\nLastError: Failed mounting bundle: Failed to open /dev/mapper/control: No such file or "
                + "directory\nInstalling `v.raucb` failed"
        );
        Assert.Equal("RAUC refuses: Failed mounting bundle: Failed to open /dev/mapper/control: No such file or directory", problem.Error);
        Assert.Contains("format=plain", problem.Remedy, StringComparison.Ordinal);
    }
}
