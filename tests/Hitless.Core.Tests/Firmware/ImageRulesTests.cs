using Hitless.Core.Api;
using Hitless.Core.Firmware;
using Xunit;

namespace Hitless.Core.Tests.Firmware;

public sealed class ImageRulesTests
{
    private static readonly RunningFirmware Running = SampleImage.Running;

    [Fact]
    public void An_image_made_to_follow_this_one_passes()
    {
        Assert.All(ImageRules.Check(SampleImage.Manifest, Running), check => Assert.Equal(CheckOutcome.Pass, check.Result));
        Assert.Null(ImageRules.Refuse(SampleImage.Manifest, Running));
    }

    [Fact]
    public void Another_platform_is_refused() =>
        AssertRefused("image-platform", SampleImage.Manifest with { Platform = "linux-arm64" }, Running);

    [Fact]
    public void Another_product_is_refused() => AssertRefused("image-product", SampleImage.Manifest with { Product = "toaster" }, Running);

    [Fact]
    public void A_version_outside_the_upgrade_path_is_refused() =>
        AssertRefused("image-upgrade-path", SampleImage.Manifest, Running with { Version = VersionTests.Version("0.9.0") });

    [Fact]
    public void Units_that_could_not_talk_while_versions_are_mixed_are_refused() =>
        AssertRefused("image-wire", SampleImage.Manifest, Running with { Wire = VersionTests.Range("2.0", "2.1") });

    [Fact]
    public void A_configuration_that_the_image_cannot_read_is_refused() =>
        AssertRefused("image-configuration", SampleImage.Manifest, Running with { ConfigurationSchema = 2 });

    [Fact]
    public void The_same_version_again_is_a_warning() =>
        Assert.Equal(
            CheckOutcome.Warn,
            ImageRules
                .Check(SampleImage.Manifest, Running with { Version = VersionTests.Version("1.1.0") })
                .Single(check => check.Id == "image-upgrade-path")
                .Result
        );

    private static void AssertRefused(string id, ImageManifest image, RunningFirmware running)
    {
        var failed = Assert.Single(ImageRules.Check(image, running), check => check.Result == CheckOutcome.Fail);
        Assert.Equal(id, failed.Id);
        Assert.False(string.IsNullOrEmpty(failed.Remedy));
        Assert.Equal(failed.Text, ImageRules.Refuse(image, running)!.Error);
    }
}
