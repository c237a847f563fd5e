using System.Text.Json;
using System.Text.Json.Serialization;
using Hitless.Core.Wire;
using Xunit;

namespace Hitless.Core.Tests.Wire;

/// <summary>Ids are types, and look as they always did: numbers in JSON, hexadecimal digits in text.</summary>
public sealed partial class IdTests
{
    [Fact]
    public void In_json_ids_are_numbers()
    {
        var written = JsonSerializer.Serialize(new Named(new(ulong.MaxValue), [new(3), IncarnationTag.None]), IdJson.Default.Named);
        Assert.Equal("""{"Unit":18446744073709551615,"Tags":[3,0]}""", written);
        var read = JsonSerializer.Deserialize(written, IdJson.Default.Named)!;
        Assert.Equal((new UnitId(ulong.MaxValue), new IncarnationTag(3)), (read.Unit, read.Tags[0]));
    }

    [Theory]
    [InlineData("""{"Unit":"7","Tags":[]}""")]
    [InlineData("""{"Unit":-1,"Tags":[]}""")]
    [InlineData("""{"Unit":7,"Tags":[1.5]}""")]
    [InlineData("""{"Unit":7,"Tags":[null]}""")]
    public void Anything_else_is_refused_as_other_json_is(string json) =>
        Assert.Throws<JsonException>(() => JsonSerializer.Deserialize(json, IdJson.Default.Named));

    [Fact]
    public void In_text_they_are_sixteen_hexadecimal_digits() =>
        Assert.Equal(("000000000000002a", "00000000000000ff"), (new UnitId(42).ToString(), new IncarnationTag(255).ToString()));

    [Fact]
    public void A_tag_is_the_second_half_of_its_incarnation_and_never_that_of_none()
    {
        var incarnation = new Incarnation(new UInt128(7, 8));
        Assert.Equal((7UL, new IncarnationTag(9)), (incarnation.FirstHalf, incarnation.Tag));
        Assert.NotEqual(IncarnationTag.None, new Incarnation(0).Tag);
    }

    internal sealed record Named(UnitId Unit, IReadOnlyList<IncarnationTag> Tags);

    [JsonSerializable(typeof(Named))]
    internal sealed partial class IdJson : JsonSerializerContext;
}
