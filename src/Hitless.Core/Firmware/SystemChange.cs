using System.Text.Json;

namespace Hitless.Core.Firmware;

/// <summary>How far a change of the system has come.</summary>
public enum SystemStage
{
    /// <summary>It has begun, and may be there in part.</summary>
    Installing,

    /// <summary>It is made; whether it is good will show.</summary>
    Installed,

    /// <summary>Its slot was confirmed.</summary>
    Kept,

    /// <summary>It is to be taken back, and may be in part.</summary>
    TakingBack,

    /// <summary>It could not be taken back: the former slot runs on the changed system.</summary>
    Left,
}

/// <summary>
/// <c>system.json</c>: the last change of the system, written before each command that changes anything.
/// </summary>
/// <param name="Image">The hash of the image that brought it.</param>
/// <param name="Before">The hash of the image that was active before: with it the former system belongs.</param>
/// <param name="Slot">Where the image stands, with the recipe's files.</param>
/// <param name="Stage">How far it has come.</param>
/// <param name="Recipe">What can be done.</param>
public sealed record SystemChange(string Image, string Before, Slot Slot, SystemStage Stage, SystemRecipe Recipe)
{
    /// <summary>Reads <c>system.json</c>; false if it is none.</summary>
    public static bool TryRead(ReadOnlySpan<byte> json, [NotNullWhen(true)] out SystemChange? change)
    {
        try
        {
            change = JsonSerializer.Deserialize(json, FirmwareJson.Default.SystemChange);
        }
        catch (JsonException)
        {
            change = null;
        }

        change = change?.Recipe.WhyUnusable() is null && Enum.IsDefined(change?.Stage ?? default) ? change : null;
        return change is not null;
    }

    /// <summary>The document as it stands on disk.</summary>
    public byte[] ToJson() => JsonSerializer.SerializeToUtf8Bytes(this, FirmwareJson.Default.SystemChange);
}
