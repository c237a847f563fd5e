using Hitless.Core.Api;

namespace Hitless.Core.Firmware;

/// <summary>What runs on a unit now, for the question whether an image may follow it.</summary>
public sealed record RunningFirmware(SemanticVersion Version, string Platform, ProtocolRange Wire, int ConfigurationSchema);

/// <summary>May this image follow what runs here? Each rule is one check of <c>upgrade check</c>, with a stable identifier.</summary>
public static class ImageRules
{
    public static IReadOnlyList<CheckResult> Check(ImageManifest image, RunningFirmware running) =>
        [Product(image), Platform(image, running), UpgradePath(image, running), Wire(image, running), Configuration(image, running)];

    /// <summary>The first check that failed, as a refusal; null if the image may follow.</summary>
    public static Refusal? Refuse(ImageManifest image, RunningFirmware running) =>
        Check(image, running).FirstOrDefault(check => check.Result == CheckOutcome.Fail) is { } failed
            ? new Refusal(failed.Text, failed.Remedy ?? "")
            : null;

    private static CheckResult Product(ImageManifest image) =>
        Result(
            "image-product",
            image.Product == ImageManifest.HitlessProduct,
            $"the image is for the product {image.Product}",
            "take an image of hitless"
        );

    private static CheckResult Platform(ImageManifest image, RunningFirmware running) =>
        Result(
            "image-platform",
            image.Platform == running.Platform,
            $"the image is for {image.Platform}, this unit is {running.Platform}",
            $"take the image of version {image.Version} for {running.Platform}"
        );

    private static CheckResult UpgradePath(ImageManifest image, RunningFirmware running)
    {
        var from = string.Join(" or ", image.UpgradeFrom);
        if (image.Version == running.Version)
        {
            return new CheckResult(
                "image-upgrade-path",
                CheckOutcome.Warn,
                $"the unit already runs {running.Version}",
                "take another version, or go on to install the same one again"
            );
        }

        return Result(
            "image-upgrade-path",
            image.UpgradeFrom.Any(range => range.Contains(running.Version)),
            $"version {image.Version} can follow {(from.Length == 0 ? "no version" : from)}; this unit runs {running.Version}",
            $"upgrade first to a version that {image.Version} can follow ({from})"
        );
    }

    private static CheckResult Wire(ImageManifest image, RunningFirmware running) =>
        image.Wire.HighestCommon(running.Wire) is { } common
            ? new CheckResult("image-wire", CheckOutcome.Pass, $"while versions are mixed the units speak wire protocol {common}", null)
            : new CheckResult(
                "image-wire",
                CheckOutcome.Fail,
                $"the image speaks wire protocol {image.Wire}, this unit {running.Wire}: sessions could not be kept in sync while "
                    + $"versions are mixed",
                "upgrade first to a version that speaks both"
            );

    private static CheckResult Configuration(ImageManifest image, RunningFirmware running) =>
        Result(
            "image-configuration",
            image.Configuration.Contains(running.ConfigurationSchema),
            $"the image reads configuration schema {image.Configuration}, the cluster's is {running.ConfigurationSchema}",
            "upgrade first to a version that reads both schemas"
        );

    private static CheckResult Result(string id, bool passed, string text, string remedy) =>
        new(id, passed ? CheckOutcome.Pass : CheckOutcome.Fail, text, passed ? null : remedy);
}
