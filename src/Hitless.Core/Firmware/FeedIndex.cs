using System.Text.Json;
using Hitless.Core.Api;

namespace Hitless.Core.Firmware;

/// <summary>An image that a feed offers.</summary>
/// <param name="File">Where it lies, from the folder of the index on: <c>hitless-1.1.0.hli</c>.</param>
/// <param name="Image">What it says of itself; the hash is that of the file.</param>
public sealed record OfferedImage(string File, ImageInfo Image);

/// <summary>
/// The index of a feed: which images there are. It is signed as images are, and believed for a time only, so that whoever serves it cannot
/// hold newer ones back for good.
/// </summary>
/// <param name="IssuedAt">When it was signed, by the clock of whoever signed it.</param>
/// <param name="ExpiresAt">From then on it is not believed.</param>
/// <param name="Images">In no order.</param>
public sealed record FeedIndex(DateTimeOffset IssuedAt, DateTimeOffset ExpiresAt, IReadOnlyList<OfferedImage> Images)
{
    /// <summary>More images than this are no feed of ours.</summary>
    public const int ImagesMax = 1000;

    private const int NotesMax = 64 << 10;
    private const int RangesMax = 100;
    private const int TextMax = 200;

    /// <summary>Reads and checks an index; a problem names the place.</summary>
    public static bool TryRead(
        ReadOnlySpan<byte> json,
        [NotNullWhen(true)] out FeedIndex? index,
        [NotNullWhen(false)] out ImageProblem? problem
    )
    {
        index = null;
        try
        {
            index = JsonSerializer.Deserialize(json, FirmwareJson.Default.FeedIndex);
            problem = index is null ? Malformed("$", "expected an object") : index.Check();
        }
        catch (JsonException e)
        {
            problem = Malformed(e.Path ?? "$", e.Message);
        }

        index = problem is null ? index : null;
        return index is not null;
    }

    /// <summary>As it is signed.</summary>
    public byte[] ToJson() => JsonSerializer.SerializeToUtf8Bytes(this, FirmwareJson.Default.FeedIndex);

    /// <summary>Why it is not believed at this time; null: it is.</summary>
    public ImageProblem? WhyTooOld(DateTimeOffset now) =>
        now < ExpiresAt
            ? null
            : new ImageProblem(
                ImageFault.Expired,
                $"the index of the feed has expired at {ExpiresAt:yyyy-MM-dd HH:mm} UTC; this unit's clock says {now:yyyy-MM-dd HH:mm}",
                "ask who keeps the feed to sign it again (hitless firmware index); look at this unit's clock"
            );

    private ImageProblem? Check()
    {
        if (Images.Count > ImagesMax)
        {
            return Malformed("$.images", $"expected at most {ImagesMax} images");
        }

        for (var i = 0; i < Images.Count; i++)
        {
            if (WhyNot(Images[i]) is { } why)
            {
                return Malformed($"$.images[{i}]", why);
            }
        }

        return null;
    }

    private static string? WhyNot(OfferedImage? offered)
    {
        if (offered is null || !ManifestRules.IsSafePath(offered.File))
        {
            return "expected the path of a file beside the index, or below it";
        }

        var image = offered.Image;
        return !ManifestRules.IsHash(image.Hash) ? "expected a SHA-256 in lower-case hex"
            : !SemanticVersion.TryParse(image.Version, out _) ? "expected a version such as 1.2.3"
            : image.SizeBytes is <= 0 or > ManifestRules.MaxUnpackedBytes ? "expected the size of an image, in bytes"
            : image.UpgradeFrom.Count > RangesMax || image.UpgradeFrom.Any(text => text is null || !VersionRange.TryParse(text, out _))
                ? "expected ranges such as \">=1.0.0 <2.0.0\""
            : image.ReleaseNotes.Length > NotesMax ? $"expected release notes of at most {NotesMax} characters"
            : new[] { image.Product, image.Platform, image.Activation, image.SignedBy, image.WireRange }.Any(text => text.Length > TextMax)
                ? $"expected texts of at most {TextMax} characters"
            : null;
    }

    private static ImageProblem Malformed(string place, string why) =>
        new(ImageFault.ManifestMalformed, $"the index of the feed is malformed at {place}: {why}", "make it again: hitless firmware index");
}
