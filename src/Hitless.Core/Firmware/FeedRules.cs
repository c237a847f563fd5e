using Hitless.Core.Api;

namespace Hitless.Core.Firmware;

/// <summary>What a feed has for a unit.</summary>
public static class FeedRules
{
    /// <summary>
    /// The images that are newer than what runs, for this product and platform, the newest first; each with the versions that lead to it
    /// (<see cref="UpgradePath"/>), whose last is its own, and none if no images of the feed lead there.
    /// </summary>
    /// <param name="index">What is offered.</param>
    /// <param name="running">What runs on the unit.</param>
    /// <param name="stored">The hashes of the images in the unit's store.</param>
    public static IReadOnlyList<FeedOffer> Newer(FeedIndex index, RunningFirmware running, IReadOnlySet<string> stored)
    {
        ImageInfo[] images = [.. ForUnit(index, running).Select(offered => offered.Image)];
        return
        [
            .. images
                .Where(image => VersionOf(image) > running.Version)
                .OrderByDescending(VersionOf)
                .ThenBy(image => image.Hash, StringComparer.Ordinal)
                .Select(image => new FeedOffer(
                    image,
                    stored.Contains(image.Hash),
                    [.. (UpgradePath.Find(running.Version, VersionOf(image), images) ?? []).Select(step => step.Version)]
                )),
        ];
    }

    /// <summary>
    /// The files to get for an upgrade to this version, in the order of the path; null: no images of the feed lead there.
    /// </summary>
    public static IReadOnlyList<OfferedImage>? FilesFor(FeedIndex index, RunningFirmware running, SemanticVersion wanted)
    {
        OfferedImage[] images = [.. ForUnit(index, running)];
        var path = UpgradePath.Find(running.Version, wanted, images.Select(offered => offered.Image));
        return path is null ? null : [.. path.Select(step => images.First(offered => offered.Image.Hash == step.Hash))];
    }

    private static IEnumerable<OfferedImage> ForUnit(FeedIndex index, RunningFirmware running) =>
        index.Images.Where(offered => offered.Image.Product == ImageManifest.HitlessProduct && offered.Image.Platform == running.Platform);

    private static SemanticVersion VersionOf(ImageInfo image) =>
        SemanticVersion.TryParse(image.Version, out var version) ? version : default;
}
