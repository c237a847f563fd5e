namespace Hitless.Core.Api;

/// <summary><c>POST /v1/firmware/check</c>: the unit asks its feed (<c>upgrade.feed</c>) what is newer.</summary>
/// <param name="Download">
/// A version whose images are put into the unit's store, with those that lead to it; <see cref="Newest"/>: the newest that the unit can
/// be upgraded to; null: nothing is downloaded.
/// </param>
public sealed record FeedRequest(string? Download)
{
    /// <summary>The newest that the unit can be upgraded to.</summary>
    public const string Newest = "newest";
}

/// <summary>What a feed has for a unit.</summary>
/// <param name="Feed">Where its index is.</param>
/// <param name="SignedBy">Who signed the index.</param>
/// <param name="IssuedAt">When it was signed.</param>
/// <param name="ExpiresAt">From when on it is not believed.</param>
/// <param name="Running">The version that the unit runs.</param>
/// <param name="Newer">The newest first; empty: the unit runs the newest.</param>
/// <param name="Downloaded">What is in the unit's store now by this request, in the order of the path.</param>
public sealed record FeedReport(
    string Feed,
    string SignedBy,
    DateTimeOffset IssuedAt,
    DateTimeOffset ExpiresAt,
    string Running,
    IReadOnlyList<FeedOffer> Newer,
    IReadOnlyList<ImageInfo> Downloaded
);

/// <summary>A newer image.</summary>
/// <param name="Image">What it says of itself.</param>
/// <param name="Stored">Whether it is in the unit's store.</param>
/// <param name="Path">The versions that lead to it, one upgrade each; empty: no images of the feed do.</param>
public sealed record FeedOffer(ImageInfo Image, bool Stored, IReadOnlyList<string> Path);
