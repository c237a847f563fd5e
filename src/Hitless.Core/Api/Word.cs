using System.Text.Json;
using System.Text.Json.Serialization;

namespace Hitless.Core.Api;

/// <summary>
/// A value of the API that is one word, such as a state: its type names the words that this version knows. A newer unit may say another
/// one; that equals none of them and is passed on as it is.
/// </summary>
public interface IWord<TSelf> : IWord
    where TSelf : struct, IWord<TSelf>
{
    /// <summary>The value of a word.</summary>
    static abstract TSelf Of(string? word);
}

/// <summary>Any such value.</summary>
public interface IWord
{
    /// <summary>As JSON and messages have it; null: nothing was said.</summary>
    string? Word { get; }
}

/// <summary>A word is a string in JSON.</summary>
public sealed class WordConverter<T> : JsonConverter<T>
    where T : struct, IWord<T>
{
    /// <inheritdoc/>
    public override T Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => T.Of(reader.GetString());

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, T value, JsonSerializerOptions options) => writer.WriteStringValue(value.Word);
}
