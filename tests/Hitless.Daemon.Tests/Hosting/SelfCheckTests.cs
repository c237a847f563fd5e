using System.Text.Json;
using System.Text.Json.Serialization;
using Hitless.Core.Api;
using Hitless.Daemon.Hosting;
using Xunit;

namespace Hitless.Daemon.Tests.Hosting;

public sealed partial class SelfCheckTests
{
    [Fact]
    public async Task Every_check_of_the_daemon_passes_on_this_machine()
    {
        var output = new StringWriter();
        var exit = await SelfCheck.RunAsync(output);
        Assert.True(exit == 0, output.ToString());
        Assert.Equal(17, output.ToString().Split('\n').Count(line => line.EndsWith(": ok", StringComparison.Ordinal)));
    }

    [Fact]
    public void Every_record_of_the_api_is_checked()
    {
        Assert.Empty(RoundTrip.Problems(ApiJson.Default, out var count));
        Assert.True(count > 27, $"{count} records only");
    }

    [Fact]
    public void A_record_that_loses_a_value_on_its_way_is_named_with_the_field()
    {
        Assert.Contains("LossyJson.Lossy: $.inner[0].text is lost or changed", RoundTrip.Problems(LossyJson.Default, out _));
    }

    [Fact]
    public void A_record_with_a_type_that_the_program_does_not_know_is_named()
    {
        Assert.Contains(RoundTrip.Problems(HolderJson.Default, out _), problem =>
            problem.StartsWith("HolderJson.Holder: Serialization and deserialization of 'System.Type'", StringComparison.Ordinal)
        );
    }

    internal sealed record Lossy(IReadOnlyList<Inner> Inner);

    internal sealed record Inner(int Number)
    {
        public string Text
        {
            get => "always this";
            init => _ = value;
        }
    }

    internal sealed record Holder(Type Anything);

    [JsonSourceGenerationOptions(JsonSerializerDefaults.Web, GenerationMode = JsonSourceGenerationMode.Metadata)]
    [JsonSerializable(typeof(Lossy))]
    internal sealed partial class LossyJson : JsonSerializerContext;

    [JsonSourceGenerationOptions(JsonSerializerDefaults.Web, GenerationMode = JsonSourceGenerationMode.Metadata)]
    [JsonSerializable(typeof(Holder))]
    internal sealed partial class HolderJson : JsonSerializerContext;
}
