using Hitless.Boot;
using Hitless.Core.Firmware;
using Hitless.Daemon.Tests.Firmware;
using Hitless.Firmware.Slots;
using Xunit;

namespace Hitless.Daemon.Tests.Boot;

public sealed class FirstInstallationTests : IDisposable
{
    private readonly Workshop workshop = new();
    private readonly SlotStore slots;
    private readonly List<string> log = [];

    public FirstInstallationTests() => slots = new SlotStore(workshop.State);

    public void Dispose() => workshop.Dispose();

    [Fact]
    public void The_first_image_goes_into_slot_a_as_good_and_twice_is_once()
    {
        var image = workshop.MakeImage("1.0.0");
        Assert.Equal(0, Install(image));
        Assert.Equal(0, Install(image));
        var state = slots.Read(out _);
        Assert.Equal((Slot.A, true, "1.0.0"), (state.Active, state.A!.Good, state.A.Version.ToString()));
    }

    [Fact]
    public void Another_version_has_to_come_as_an_upgrade()
    {
        Assert.Equal(0, Install(workshop.MakeImage("1.0.0")));
        Assert.Equal(1, Install(workshop.MakeImage("1.1.0")));
        Assert.Contains("upgrade", log[^1], StringComparison.Ordinal);
    }

    [Fact]
    public void A_stranger_s_image_is_refused()
    {
        var (mallory, _) = workshop.MakeKey("Mallory");
        Assert.Equal(1, Install(workshop.MakeImage("1.0.0", signer: mallory)));
        Assert.Equal(BootState.Empty, slots.Read(out _));
        mallory.Dispose();
    }

    [Fact]
    public void The_command_line_is_understood_or_refused_with_the_reason()
    {
        Assert.True(BootOptions.TryParse(["--state", "/x", "--config", "u", "--", "--config", "v"], out var options, out _));
        Assert.Equal(("/x", "u", "--config v"), (options.State, options.Config, string.Join(' ', options.DaemonArguments)));
        Assert.False(BootOptions.TryParse(["--stat", "/x"], out _, out var wrong));
        Assert.Equal("unknown argument --stat", wrong);
        Assert.False(BootOptions.TryParse(["--install", "x"], out _, out _));
        Assert.True(BootOptions.TryParse(["--rauc", "/d"], out options, out _));
        Assert.Equal(("/d", "reboot"), (options.System, options.RebootCommand));
        Assert.False(BootOptions.TryParse(["--rauc", "/d", "--install", "x", "--trust", "y"], out _, out wrong));
        Assert.StartsWith("--install is for slots that are folders", wrong, StringComparison.Ordinal);
    }

    private int Install(string image) => FirstInstallation.Run(image, workshop.PathOf("Maker.pem"), slots, Workshop.Now, log.Add);
}
