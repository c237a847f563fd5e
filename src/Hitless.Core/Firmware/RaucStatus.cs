using System.Text.Json;
using System.Text.Json.Serialization;

namespace Hitless.Core.Firmware;

/// <summary>
/// One slot as RAUC sees it. <c>Good</c>: the boot loader may start it. <c>Sha256</c>: of what RAUC wrote into it; null if it never did.
/// </summary>
public sealed record RaucSlot(string Name, bool Good, string? BundleVersion, string? Sha256);

/// <summary>
/// What <c>rauc status --detailed --output-format=json</c> says of the two slots of the running system. The one of the lower name is
/// <c>a</c>.
/// </summary>
/// <param name="Booted">The slot that runs now.</param>
/// <param name="Next">The slot that the boot loader starts next; null if it does not say, or would start neither.</param>
public sealed record RaucStatus(Slot Booted, Slot? Next, RaucSlot A, RaucSlot B)
{
    public RaucSlot this[Slot slot] => slot == Slot.A ? A : B;

    /// <summary>Reads the document; a refusal says what RAUC's configuration lacks.</summary>
    public static bool TryRead(
        ReadOnlySpan<byte> json,
        [NotNullWhen(true)] out RaucStatus? status,
        [NotNullWhen(false)] out ImageProblem? problem
    )
    {
        status = null;
        Document? document;
        try
        {
            document = JsonSerializer.Deserialize(json, RaucJson.Default.Document);
        }
        catch (JsonException e)
        {
            problem = new ImageProblem(
                ImageFault.NotAllowed,
                $"rauc status said something else than JSON of its slots: {e.Message}",
                "look at it by hand: rauc status --output-format=json"
            );
            return false;
        }

        var slots = (document?.Slots ?? []).Where(s => s is not null).SelectMany(s => s).Where(s => s.Value is not null).ToArray();
        var booted = slots.FirstOrDefault(s => s.Value.State == "booted");
        var pair = slots
            .Where(s => s.Value.Bootname is not null && s.Value.Class == booted.Value?.Class)
            .OrderBy(s => s.Key, StringComparer.Ordinal)
            .ToArray();
        problem =
            booted.Key is null
                ? new ImageProblem(
                    ImageFault.NotAllowed,
                    "RAUC does not know which slot runs",
                    "the kernel's command line has to name it: root= or rauc.slot="
                )
            : pair.Length != 2 || !pair.Contains(booted)
                ? new ImageProblem(
                    ImageFault.NotAllowed,
                    $"RAUC has {pair.Length} slots of the class {booted.Value.Class} with a bootname; two are needed",
                    "look at RAUC's system.conf"
                )
            : null;
        if (problem is not null)
        {
            return false;
        }

        var (a, b) = (pair[0], pair[1]);
        Slot? next =
            document!.BootPrimary == a.Key ? Slot.A
            : document.BootPrimary == b.Key ? Slot.B
            : null;
        status = new RaucStatus(booted.Key == a.Key ? Slot.A : Slot.B, next, From(a), From(b));
        return true;
    }

    private static RaucSlot From(KeyValuePair<string, DocumentSlot> slot) =>
        new(slot.Key, slot.Value.BootStatus == "good", slot.Value.SlotStatus?.Bundle?.Version, slot.Value.SlotStatus?.Checksum?.Sha256);

    internal sealed record Document(string? BootPrimary, IReadOnlyList<Dictionary<string, DocumentSlot>> Slots);

    internal sealed record DocumentSlot(
        string Class,
        string State,
        string? Bootname = null,
        string? BootStatus = null,
        DocumentStatus? SlotStatus = null
    );

    internal sealed record DocumentStatus(DocumentBundle? Bundle = null, DocumentChecksum? Checksum = null);

    internal sealed record DocumentBundle(string? Version = null);

    internal sealed record DocumentChecksum(string? Sha256 = null);
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true
)]
[JsonSerializable(typeof(RaucStatus.Document))]
internal sealed partial class RaucJson : JsonSerializerContext;
