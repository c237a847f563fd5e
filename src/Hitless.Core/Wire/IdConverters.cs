using System.Text.Json;
using System.Text.Json.Serialization;

namespace Hitless.Core.Wire;

/// <summary>A unit's id is a number in JSON.</summary>
public sealed class UnitIdConverter : JsonConverter<UnitId>
{
    /// <inheritdoc/>
    public override UnitId Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => new(reader.GetUInt64());

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, UnitId value, JsonSerializerOptions options) => writer.WriteNumberValue(value.Number);
}

/// <summary>An incarnation's tag is a number in JSON.</summary>
public sealed class IncarnationTagConverter : JsonConverter<IncarnationTag>
{
    /// <inheritdoc/>
    public override IncarnationTag Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        new(reader.GetUInt64());

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, IncarnationTag value, JsonSerializerOptions options) =>
        writer.WriteNumberValue(value.Bits);
}
