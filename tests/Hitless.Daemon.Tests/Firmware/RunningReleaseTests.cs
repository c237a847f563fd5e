using Hitless.Core.Firmware;
using Hitless.Core.Wire;
using Hitless.Firmware.Images;
using Xunit;

namespace Hitless.Daemon.Tests.Firmware;

public sealed class RunningReleaseTests : IDisposable
{
    private readonly Workshop workshop = new();

    public void Dispose() => workshop.Dispose();

    [Fact]
    public void A_program_in_a_slot_is_what_the_slot_s_manifest_says()
    {
        using var image = Workshop.Open(workshop.MakeImage("1.2.3"));
        Assert.Null(ImageExtractor.Extract(image, workshop.PathOf("slot")));
        Assert.Equal("1.2.3", RunningRelease.ManifestIn(workshop.PathOf("slot"))!.Version.ToString());
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("{ \"product\": \"hitless\" }")]
    public void A_program_beside_no_manifest_or_a_damaged_one_is_what_was_compiled(string? manifest)
    {
        if (manifest is not null)
        {
            File.WriteAllText(workshop.PathOf("manifest.json"), manifest);
        }

        Assert.Null(RunningRelease.ManifestIn(workshop.Folder));
        Assert.Equal(WireVersion.Minor, RunningRelease.MinorOf(null));
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(200, WireVersion.Minor)]
    public void A_program_speaks_no_later_wire_protocol_than_its_image_names_nor_than_was_compiled(int named, byte spoken)
    {
        var options = Workshop.Options("1.0.0") with { Wire = new ProtocolRange(new(1, 0), new(1, named)) };
        Directory.CreateDirectory(workshop.PathOf("parts"));
        Workshop.WriteScript(workshop.PathOf("parts/hitlessd"), "exit 0");
        Assert.True(
            ImageBuilder.TryBuild(workshop.PathOf("parts"), options, workshop.Signer, workshop.PathOf("image.hli"), out var manifest, out _)
        );
        Assert.Equal(spoken, RunningRelease.MinorOf(manifest));
    }
}
