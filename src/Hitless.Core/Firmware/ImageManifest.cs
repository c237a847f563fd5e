using System.Text.Json;
using System.Text.Json.Serialization;

namespace Hitless.Core.Firmware;

/// <summary>
/// What an image says of itself. The signature covers exactly the bytes of this document in the file, and the document
/// holds the hash of the payload and of each file in it, so the signature covers everything.
/// </summary>
/// <param name="Product">Whose firmware this is: <c>hitless</c>.</param>
/// <param name="Platform">What it runs on: <c>linux-x64</c>.</param>
/// <param name="UpgradeFrom">Versions it can follow; one of them has to hold.</param>
/// <param name="Wire">Wire protocol versions it speaks.</param>
/// <param name="Configuration">Configuration schemas it reads.</param>
/// <param name="Activation">What makes the new slot run: a restart of the daemon, or a reboot.</param>
/// <param name="EntryPoint">The program in the slot that <c>hitless-boot</c> starts.</param>
/// <param name="Files">Everything in the payload, and nothing else may be in it.</param>
public sealed record ImageManifest(
    string Product,
    SemanticVersion Version,
    string Platform,
    IReadOnlyList<VersionRange> UpgradeFrom,
    ProtocolRange Wire,
    SchemaRange Configuration,
    Activation Activation,
    string ReleaseNotes,
    string EntryPoint,
    IReadOnlyList<ImageEntry> Files,
    ImagePayload Payload,
    DateTimeOffset BuiltAt
)
{
    /// <summary>How the image changes the system under Hitless; null: it does not.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public SystemRecipe? Recipe { get; init; }

    /// <summary>The only product there is.</summary>
    public const string HitlessProduct = "hitless";

    /// <summary>The size of everything in the payload when unpacked, in bytes.</summary>
    [JsonIgnore]
    public long UnpackedBytes => Files.Sum(file => file.Size);

    /// <summary>Reads and checks a manifest; a refusal names the place in the document.</summary>
    public static bool TryRead(
        ReadOnlySpan<byte> json,
        [NotNullWhen(true)] out ImageManifest? manifest,
        [NotNullWhen(false)] out ImageProblem? problem
    )
    {
        manifest = null;
        try
        {
            manifest = JsonSerializer.Deserialize(json, FirmwareJson.Default.ImageManifest);
            problem = manifest is null ? ImageProblem.Malformed("$", "expected an object") : ManifestRules.Check(manifest);
        }
        catch (JsonException e)
        {
            problem = ImageProblem.Malformed(e.Path ?? "$", e.Message);
        }

        manifest = problem is null ? manifest : null;
        return manifest is not null;
    }

    /// <summary>The document as it stands in an image and in a slot.</summary>
    public byte[] ToJson() => JsonSerializer.SerializeToUtf8Bytes(this, FirmwareJson.Default.ImageManifest);
}

/// <summary>What makes a newly installed slot run.</summary>
public enum Activation
{
    [JsonStringEnumMemberName("restart")]
    Restart,

    [JsonStringEnumMemberName("reboot")]
    Reboot,
}

/// <summary>
/// One file of the payload. <c>Path</c> is relative, divided by <c>/</c>; <c>Sha256</c> is lower-case hex; <c>Mode</c> is octal, such as
/// <c>0755</c>.
/// </summary>
public sealed record ImageEntry(string Path, string Sha256, long Size, string Mode)
{
    /// <summary>Permission bits as a number, <c>0</c> to <c>0o777</c>.</summary>
    [JsonIgnore]
    public int ModeBits => Mode.Aggregate(0, (bits, digit) => (bits * 8) + (digit - '0'));
}

/// <summary>The payload, a compressed tar archive: its size in the file, its SHA-256 in lower-case hex, and how it is compressed.</summary>
public sealed record ImagePayload(string Sha256, long Size, string Compression = ImagePayload.Gzip)
{
    /// <summary>RFC 1952; what a manifest means that names no compression.</summary>
    public const string Gzip = "gzip";

    /// <summary>RFC 7932: what images are made with.</summary>
    public const string Brotli = "brotli";
}
