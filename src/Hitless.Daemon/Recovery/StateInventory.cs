using System.Text.Json;
using System.Text.Json.Serialization;

namespace Hitless.Daemon.Recovery;

/// <summary>An image that a unit had.</summary>
/// <param name="Hash">SHA-256 of the file in lower-case hex: its name.</param>
/// <param name="Version">What it is a version of, for people.</param>
/// <param name="Bytes">Its length.</param>
public sealed record KnownImage(string Hash, string Version, long Bytes);

/// <summary>
/// What was in the state directory when the daemon last looked, so that the next one knows what is gone: <c>inventory.json</c>. Should that
/// file itself be gone or damaged, nothing is known to be lost, and it is written anew.
/// </summary>
public sealed record StateInventory(IReadOnlyList<KnownImage> Images, IReadOnlyList<string> Journals, IReadOnlyList<string> Reports)
{
    /// <summary>The name of the file in the state directory.</summary>
    public const string FileName = "inventory.json";

    /// <summary>Nothing.</summary>
    public static StateInventory Empty { get; } = new([], [], []);

    /// <summary>The bytes of the file.</summary>
    public byte[] ToJson() => JsonSerializer.SerializeToUtf8Bytes(this, InventoryJson.Default.StateInventory);

    /// <summary>Reads the file; null if it is not there, or not what <see cref="ToJson"/> writes.</summary>
    public static StateInventory? TryRead(string path)
    {
        try
        {
            return
                File.Exists(path)
                && JsonSerializer.Deserialize(File.ReadAllBytes(path), InventoryJson.Default.StateInventory)
                    is { Images: not null, Journals: not null, Reports: not null } read
                && read.Images.All(image => image is { Hash.Length: 64, Version: not null, Bytes: > 0 })
                && read.Journals.Concat(read.Reports).All(run => run is not null && Upgrade.JournalStore.IsName(run))
                ? read
                : null;
        }
        catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException or NotSupportedException)
        {
            return null;
        }
    }

    /// <summary>Same content: the lists are compared by their entries.</summary>
    public bool Equals(StateInventory? other) =>
        other is not null
        && Images.SequenceEqual(other.Images)
        && Journals.SequenceEqual(other.Journals)
        && Reports.SequenceEqual(other.Reports);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Images.Count, Journals.Count, Reports.Count);
}

/// <summary>The JSON of the inventory.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, GenerationMode = JsonSourceGenerationMode.Metadata)]
[JsonSerializable(typeof(StateInventory))]
internal sealed partial class InventoryJson : JsonSerializerContext;
