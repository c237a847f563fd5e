using System.Text;
using Hitless.Core.Firmware;
using Xunit;

namespace Hitless.Core.Tests.Firmware;

/// <summary>Which system belongs to which slot.</summary>
public sealed class SystemRulesTests
{
    private static readonly SystemRecipe Recipe = new("packages", "install", Revert: "revert");
    private static readonly BootState Old = BootRules.Installed(BootState.Empty, Slot.A, VersionTests.Version("1.0.0"), "old");
    private static readonly BootState Filled = BootRules.Installed(Old, Slot.B, VersionTests.Version("1.0.0+system.1"), "new");

    private static BootState Tried
    {
        get
        {
            Assert.True(BootRules.TryBeginTrial(Filled, 3, TimeSpan.FromMinutes(1), out var next, out _));
            return next;
        }
    }

    private static BootState Confirmed
    {
        get
        {
            Assert.True(BootRules.TryConfirm(Tried, Slot.B, out var next, out _));
            return next;
        }
    }

    [Theory]
    [InlineData(SystemStage.Installing, SystemAct.Install)]
    [InlineData(SystemStage.Installed, SystemAct.Nothing)]
    public void A_trial_stands_on_the_changed_system(SystemStage stage, SystemAct act)
    {
        Assert.Equal(SystemAct.Install, SystemRules.Due(Tried, null, Recipe));
        Assert.Equal(SystemAct.Nothing, SystemRules.Due(Tried, null, ofTrial: null));
        Assert.Equal(act, SystemRules.Due(Tried, Change(stage), Recipe));
        Assert.Equal(SystemAct.Install, SystemRules.Due(Tried, Change(stage) with { Image = "another" }, Recipe));
    }

    [Fact]
    public void A_confirmed_one_is_checked_once_and_kept()
    {
        Assert.Equal(SystemAct.Check, SystemRules.Due(Confirmed, Change(SystemStage.Installed), null));
        Assert.Equal(SystemAct.Nothing, SystemRules.Due(Confirmed, Change(SystemStage.Kept), null));
    }

    [Theory]
    [InlineData(SystemStage.Installing)]
    [InlineData(SystemStage.Installed)]
    [InlineData(SystemStage.Kept)]
    [InlineData(SystemStage.TakingBack)]
    public void The_former_slot_gets_the_former_system_wherever_the_power_went(SystemStage stage)
    {
        Assert.True(BootRules.TryRollBack(Confirmed, Slot.B, "asked", out var back, out _));
        foreach (var state in (BootState[])[Filled, BootRules.FallBack(Tried, "lost"), back])
        {
            Assert.Equal(SystemAct.TakeBack, SystemRules.Due(state, Change(stage), null));
            Assert.Equal(SystemAct.Leave, SystemRules.Due(state, Change(stage) with { Recipe = Recipe with { Revert = null } }, null));
            Assert.Equal(SystemAct.Nothing, SystemRules.Due(state, Change(SystemStage.Left), null));
        }
    }

    [Fact]
    public void A_later_upgrade_does_not_take_it_back()
    {
        var later = BootRules.Installed(Confirmed, Slot.A, VersionTests.Version("1.1.0"), "later");
        Assert.True(BootRules.TryBeginTrial(later, 3, TimeSpan.FromMinutes(1), out var tried, out _));
        Assert.Equal(SystemAct.Nothing, SystemRules.Due(tried, Change(SystemStage.Kept), ofTrial: null));
        Assert.True(BootRules.TryConfirm(tried, Slot.A, out var kept, out _));
        Assert.Equal(SystemAct.Nothing, SystemRules.Due(kept, Change(SystemStage.Kept), null));
    }

    [Fact]
    public void What_is_on_disk_is_read_back_and_damage_is_none()
    {
        var change = Change(SystemStage.TakingBack);
        Assert.True(SystemChange.TryRead(change.ToJson(), out var read));
        Assert.Equal(change, read);
        var bytes = change.ToJson();
        for (var length = 0; length < bytes.Length - 2; length++)
        {
            Assert.False(SystemChange.TryRead(bytes.AsSpan(0, length), out _));
        }

        Assert.False(SystemChange.TryRead("null"u8, out _));
    }

    [Theory]
    [InlineData("""{ "name": "n", "install": "x", "reboot": true }""", null)]
    [InlineData("""{ "name": "n" }""", "install")]
    [InlineData("""{ "name": "", "install": "x" }""", "name")]
    [InlineData("""{ "name": "a\nb", "install": "x" }""", "name")]
    [InlineData("""{ "name": "n", "install": " " }""", "install")]
    [InlineData("""{ "name": "n", "install": "x", "revert": "" }""", "revert")]
    [InlineData("""{ "name": "n", "install": "x", "limitSeconds": 0 }""", "limitSeconds")]
    [InlineData("""{ "name": "n", "install": "x", "limitSeconds": 541 }""", "limitSeconds")]
    [InlineData("""{ "name": "n", "install": null }""", "install")]
    [InlineData("[]", "$")]
    [InlineData("", "$")]
    public void A_recipe_s_author_hears_what_is_wrong(string json, string? place)
    {
        Assert.Equal(place is null, SystemRecipe.TryRead(Encoding.UTF8.GetBytes(json), out _, out var problem));
        Assert.Contains(place ?? "", problem?.Error ?? "", StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public void A_recipe_that_reboots_needs_an_image_that_does()
    {
        var manifest = SampleImage.Manifest with { Recipe = Recipe with { Reboot = true } };
        Assert.False(ImageManifest.TryRead(manifest.ToJson(), out _, out _));
        Assert.True(ImageManifest.TryRead((manifest with { Activation = Activation.Reboot }).ToJson(), out var read, out _));
        Assert.Equal(manifest.Recipe, read.Recipe);
    }

    private static SystemChange Change(SystemStage stage) => new("new", "old", Slot.B, stage, Recipe);
}
