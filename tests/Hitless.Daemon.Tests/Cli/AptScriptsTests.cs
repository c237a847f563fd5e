using Hitless.Cli.Systems;
using Hitless.Core.Firmware;
using Xunit;

namespace Hitless.Daemon.Tests.Cli;

/// <summary>A recipe of Debian packages has GRUB start a new kernel once (docs/decisions/0105).</summary>
public sealed class AptScriptsTests
{
    [Theory]
    [InlineData(AptScripts.Stage)]
    [InlineData(AptScripts.Install)]
    [InlineData(AptScripts.Check)]
    [InlineData(AptScripts.Revert)]
    public void Scripts_are_read_by_sh(string script)
    {
        using var bench = new RecipeBench();
        Assert.Equal((0, ""), bench.Run($"set -n\n{script}"));
    }

    [Fact]
    public void A_new_kernel_is_started_once_by_an_entry_that_resets_the_machine_where_it_does_not_start()
    {
        using var bench = new RecipeBench();
        var installed = bench.Install();
        Assert.True(installed.Code == 0, installed.Output);
        Assert.Contains("GRUB starts kernel 1.0.0-2-amd64 once", installed.Output);
        Assert.Equal($"saved_entry={RecipeBench.Former}\nnext_entry=hitless-once\n", bench["grubenv"]);
        Assert.EndsWith(
            """
            menuentry 'Linux 1.0.0-2-amd64, once' $menuentry_id_option 'hitless-once' {
            		linux	/boot/vmlinuz-1.0.0-2-amd64 root=/dev/vda panic=10
            		initrd	/boot/initrd.img-1.0.0-2-amd64
            boot
            reboot
            }

            """,
            bench.Menu
        );
    }

    [Fact]
    public void Once_it_runs_it_becomes_the_default_and_said_twice_stays_so()
    {
        using var bench = new RecipeBench();
        bench.Install();
        bench.Boot();
        for (var times = 0; times < 2; times++)
        {
            var found = bench.Check();
            Assert.True(found.Code == 0, found.Output);
            Assert.Equal($"saved_entry={RecipeBench.New}\n", bench["grubenv"]);
            Assert.DoesNotContain("hitless-once", bench.Menu);
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("saved_entry=0\n")]
    public void One_that_does_not_start_is_found_out_and_all_is_as_before(string before)
    {
        using var bench = new RecipeBench { ["grubenv"] = before };
        var menu = bench.Menu;
        bench.Install();
        bench.Boot(starts: false);

        Assert.Equal((1, "kernel 1.0.0-1-amd64 runs, expected was 1.0.0-2-amd64\n"), bench.Check());
        var reverted = bench.Revert();

        Assert.True(reverted.Code == 0, reverted.Output);
        Assert.Equal(before, bench["grubenv"]);
        Assert.Equal(menu, bench.Menu);
        Assert.Equal("linux-image-amd64 1\ntool 1\n", bench["installed"]);
        Assert.Equal((0, before), (bench.Revert().Code, bench["grubenv"]));
    }

    [Fact]
    public void Taken_back_after_it_was_found_right_the_former_one_is_the_default_before_the_reboot()
    {
        using var bench = new RecipeBench { ["grubenv"] = $"saved_entry={RecipeBench.Former}\n" };
        bench.Install();
        bench.Boot();
        bench.Check();

        var reverted = bench.Revert();

        Assert.Equal(0, reverted.Code);
        Assert.Contains("kernel 1.0.0-2-amd64 is removed and still runs: the reboot that follows starts the former one", reverted.Output);
        Assert.Equal($"saved_entry={RecipeBench.Former}\n", bench["grubenv"]);
        bench.Boot();
        Assert.Equal("1.0.0-1-amd64\n", bench["running"]);
    }

    [Fact]
    public void Installed_again_after_a_power_cut_it_still_knows_what_was_before()
    {
        using var bench = new RecipeBench { ["grubenv"] = "saved_entry=0\n" };
        bench.Install();
        bench.Boot();
        Assert.Equal(0, bench.Install().Code);
        Assert.Equal($"saved_entry={RecipeBench.Former}\nnext_entry=hitless-once\n", bench["grubenv"]);
        Assert.Equal(0, bench.Revert().Code);
        Assert.Equal("saved_entry=0\n", bench["grubenv"]);
    }

    [Theory]
    [InlineData("grub-reboot", "${saved_entry}", "", "there is no grub-reboot")]
    [InlineData("", "0", "", "GRUB_DEFAULT is not saved")]
    [InlineData("", "${saved_entry}", "lvm", "GRUB cannot write to the file system of /boot/grub")]
    public void Without_a_boot_loader_that_goes_back_the_kernel_is_installed_as_ever_and_that_is_said(
        string without,
        string entry,
        string abstraction,
        string why
    )
    {
        using var bench = new RecipeBench(without) { ["default"] = entry, ["abstraction"] = abstraction };
        bench.Run("update-grub");
        var installed = bench.Install();
        Assert.Equal(0, installed.Code);
        Assert.Contains($"kernel 1.0.0-2-amd64 is not brought back by itself if it does not start: {why}", installed.Output);
        Assert.Equal("", bench["grubenv"]);
        bench["running"] = "1.0.0-2-amd64\n";
        Assert.Equal((0, ""), bench.Check());
        Assert.Equal(0, bench.Revert().Code);
        Assert.Equal("", bench["grubenv"]);
    }

    [Fact]
    public void Packages_without_a_kernel_leave_the_boot_loader_alone()
    {
        using var bench = new RecipeBench { ["recipe/packages"] = "linux-image-amd64 1 2\ntool 1 2\n" };
        Assert.Equal(0, bench.Install().Code);
        Assert.Equal((0, ""), bench.Check());
        Assert.Equal(0, bench.Revert().Code);
        Assert.Equal("", bench["grubenv"]);
    }

    [Theory]
    [InlineData("Inst tool [1] (2 x [all])", "", "")]
    [InlineData("Inst linux-image-amd64 [1] (2 x [amd64])", "", "")]
    [InlineData("Inst linux-image-6.12-amd64 [1] (2 x [amd64])", "", "")]
    [InlineData("Inst linux-image-6.1.0-9-amd64 (2 x [amd64])", "", "\nGRUB starts the new kernel once: ")]
    [InlineData("Inst linux-image-6.1.0-9-amd64 (2 x [amd64])", "there is no grub-reboot", "\nA kernel that does not start is not")]
    [InlineData("Inst linux-image-6.1.0-9-amd64 [1] (2 x [amd64])", "", "\nlinux-image-6.1.0-9-amd64 is replaced in place: ")]
    public void The_notes_say_what_becomes_of_a_kernel_that_does_not_start(string offered, string why, string said)
    {
        var notes = AptRecipe.KernelNotes(AptOffer.Read([offered]), () => why);
        Assert.StartsWith(said, notes, StringComparison.Ordinal);
        Assert.Equal(said.Length == 0, notes.Length == 0);
    }
}
