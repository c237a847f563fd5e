using System.Text.Json;
using System.Text.Json.Serialization;

namespace Hitless.Core.Firmware;

/// <summary>How the records of this folder look as JSON. Unknown fields are skipped; a missing one is named.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    UseStringEnumConverter = true,
    WriteIndented = true,
    NewLine = "\n"
)]
[JsonSerializable(typeof(ImageManifest))]
[JsonSerializable(typeof(BootState))]
[JsonSerializable(typeof(SystemChange))]
[JsonSerializable(typeof(SystemRecipe))]
[JsonSerializable(typeof(FeedIndex))]
internal sealed partial class FirmwareJson : JsonSerializerContext;

internal delegate bool TryParseText<T>(string text, [MaybeNullWhen(false)] out T value);

/// <summary>A value that is one text in JSON.</summary>
internal abstract class TextConverter<T>(TryParseText<T> tryParse, string example) : JsonConverter<T>
    where T : notnull
{
    public override T Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType == JsonTokenType.String && reader.GetString() is { } text && tryParse(text, out var value))
        {
            return value;
        }

        throw new JsonException($"expected {example}");
    }

    public override void Write(Utf8JsonWriter writer, T value, JsonSerializerOptions options) => writer.WriteStringValue(value.ToString());
}

internal sealed class SemanticVersionConverter()
    : TextConverter<SemanticVersion>(static (text, out value) => SemanticVersion.TryParse(text, out value), "a version such as \"1.2.3\"");

internal sealed class VersionRangeConverter() : TextConverter<VersionRange>(VersionRange.TryParse, "a range such as \">=1.0.0 <2.0.0\"");

internal sealed class ProtocolVersionConverter()
    : TextConverter<ProtocolVersion>(
        static (text, out value) => ProtocolVersion.TryParse(text, out value),
        "a protocol version such as \"1.0\""
    );
