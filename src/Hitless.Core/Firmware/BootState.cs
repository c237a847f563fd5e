using System.Text.Json;
using System.Text.Json.Serialization;

namespace Hitless.Core.Firmware;

/// <summary>The two application slots.</summary>
public enum Slot
{
    [JsonStringEnumMemberName("a")]
    A,

    [JsonStringEnumMemberName("b")]
    B,
}

/// <summary>What stands in a slot. <c>Good</c>: it has run and was confirmed (or was the first one installed).</summary>
public sealed record SlotContent(SemanticVersion Version, string ImageHash, bool Good)
{
    /// <summary>SHA-256 of what RAUC wrote into its slot, by RAUC's own word; null for a folder.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Written { get; init; }
}

/// <summary>A slot being tried. Each boot takes one try; one that is not confirmed within <c>ConfirmMs</c> ends the trial.</summary>
public sealed record Trial(Slot Slot, int TriesLeft, long ConfirmMs)
{
    [JsonIgnore]
    public TimeSpan ConfirmTimeout => TimeSpan.FromMilliseconds(ConfirmMs);
}

/// <summary>
/// <c>boot.json</c>: which slot starts next. The one truth that survives everything; whoever changes it writes all of it anew.
/// <code>
///                install (spare)            begin trial               boot: tries - 1        confirm
///   active good ----------------> spare filled ----------> trial of spare ------------> running ---------> spare is active, good
///                                                              |   tries used up, or not confirmed in time
///                                                              '--------------------> fallback: active as before, spare not good
/// </code>
/// The active slot is only ever changed by a confirmation, by a rollback on purpose, or by the very first installation.
/// </summary>
/// <param name="LastOutcome">How the last trial ended, in words, for status and report.</param>
public sealed record BootState(Slot Active, SlotContent? A, SlotContent? B, Trial? Trial, string? LastOutcome)
{
    public const int DefaultTries = 3;

    /// <summary>Before the first installation.</summary>
    public static BootState Empty { get; } = new(Slot.A, null, null, null, null);

    /// <summary>The slot that is not active.</summary>
    [JsonIgnore]
    public Slot Spare => Other(Active);

    public static Slot Other(Slot slot) => slot == Slot.A ? Slot.B : Slot.A;

    public SlotContent? Content(Slot slot) => slot == Slot.A ? A : B;

    /// <summary>Reads <c>boot.json</c>; false says in words what is wrong with it.</summary>
    public static bool TryRead(ReadOnlySpan<byte> json, [NotNullWhen(true)] out BootState? state, [NotNullWhen(false)] out string? why)
    {
        state = null;
        why = null;
        try
        {
            state = JsonSerializer.Deserialize(json, FirmwareJson.Default.BootState);
            why = state is null ? "expected an object" : null;
        }
        catch (JsonException e)
        {
            why = $"{e.Path ?? "$"}: {e.Message}";
        }

        return state is not null;
    }

    public byte[] ToJson() => JsonSerializer.SerializeToUtf8Bytes(this, FirmwareJson.Default.BootState);

    /// <summary>The slot named <c>a</c> or <c>b</c>, as <c>hitless-boot</c> tells it to the daemon.</summary>
    public static bool TryParseSlot(string? text, out Slot slot)
    {
        slot = text == "b" ? Slot.B : Slot.A;
        return text is "a" or "b";
    }

    /// <summary>The slot's folder name: <c>a</c> or <c>b</c>.</summary>
    public static string NameOf(Slot slot) => slot == Slot.A ? "a" : "b";

    internal BootState With(Slot slot, SlotContent? content) => slot == Slot.A ? this with { A = content } : this with { B = content };
}
