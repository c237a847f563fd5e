using Hitless.Core.Configuration;
using Hitless.Core.Firmware;

namespace Hitless.Firmware.Images;

/// <summary>
/// What the maker of an image says of it; the rest of the manifest comes from the files. Each has a sensible default but the version and
/// the wire range.
/// </summary>
public sealed record ImageOptions(SemanticVersion Version, ProtocolRange Wire)
{
    public string Product { get; init; } = ImageManifest.HitlessProduct;

    public string Platform { get; init; } = "linux-x64";

    public IReadOnlyList<VersionRange> UpgradeFrom { get; init; } = [VersionRange.Any];

    public SchemaRange Configuration { get; init; } = new(RevisionSchema.Oldest, RevisionSchema.Newest);

    public Activation Activation { get; init; } = Activation.Restart;

    /// <summary>How the image changes the system under Hitless; null: it does not.</summary>
    public SystemRecipe? Recipe { get; init; }

    /// <summary>Compressed as far as it goes, which takes some fifty times as long; read by the same programs.</summary>
    public bool Smallest { get; init; }

    public string ReleaseNotes { get; init; } = "";

    public string EntryPoint { get; init; } = "hitlessd";

    /// <summary>Goes into the manifest; the same files and options with the same time give the same manifest and payload.</summary>
    public DateTimeOffset BuiltAt { get; init; } = DateTimeOffset.UnixEpoch;
}
