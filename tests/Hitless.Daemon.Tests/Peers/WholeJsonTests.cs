using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Hitless.Core.Api;
using Hitless.Daemon.Configuration;
using Hitless.Daemon.Http;
using Hitless.Daemon.Peers;
using Hitless.Daemon.Upgrade;
using Xunit;

namespace Hitless.Daemon.Tests.Peers;

/// <summary>What another unit says and leaves a hole in is refused with its place, before anything is done about it.</summary>
public sealed class WholeJsonTests
{
    [Theory]
    [InlineData("{}", "entries")]
    [InlineData("""{"entries":null}""", "entries")]
    [InlineData("""{"entries":[null]}""", "entries[0]")]
    [InlineData("""{"entries":[{"run":"r","unit":"gw1","step":null,"kind":"begin"}]}""", "entries[0].step")]
    [InlineData(
        """{"entries":[{"run":"r","unit":"g","step":"s","header":{"run":"r","image":"i","from":"1","to":"2","""
            + "\"formerPrimary\":\"g\",\"members\":[null]}}]}",
        "entries[0].header.members[0]"
    )]
    [InlineData("""{"entries":[]}""", null)]
    [InlineData("""{"entries":[{"run":"r","unit":"gw1","step":"s","kind":"begin","target":null}]}""", null)]
    public void Of_a_journal(string json, string? gap) => AssertGap(UpgradeJson.Default.JournalDocument, json, gap);

    [Theory]
    [InlineData("""{"step":"install","run":"r","image":"i","version":"1","from":null}""", "from")]
    [InlineData("""{"step":"install","run":"r","image":"i","version":"1","from":"gw1"}""", null)]
    public void Of_a_step(string json, string? gap) => AssertGap(UpgradeJson.Default.StepRequest, json, gap);

    [Theory]
    [InlineData("""{"phase":0,"revision":null}""", "revision")]
    [InlineData(
        """{"phase":0,"revision":{"info":{"hash":"h","author":"a","message":"m"},"files":[{"path":"/a","content":null}]}}""",
        "revision.files[0].content"
    )]
    public void Of_a_commit(string json, string? gap) => AssertGap(ConfigurationJson.Default.CommitQuestion, json, gap);

    [Fact]
    public void Of_a_unit_s_status_each_text_and_list_that_it_must_have()
    {
        var whole = JsonSerializer.SerializeToNode(Api.Samples.Status.Units[0], ApiJson.Default.UnitStatus)!.AsObject();
        AssertGap(ApiJson.Default.UnitStatus, whole.ToJsonString(), null);
        foreach (var name in new[] { "name", "role", "state", "reason", "version", "slot", "configuration", "interfaces", "health" })
        {
            var holed = JsonSerializer.Deserialize<System.Text.Json.Nodes.JsonObject>(whole.ToJsonString())!;
            holed[name] = null;
            AssertGap(ApiJson.Default.UnitStatus, holed.ToJsonString(), name);
        }
    }

    private static void AssertGap<T>(JsonTypeInfo<T> type, string json, string? gap) =>
        Assert.Equal(gap, WholeJson.Gap(type, JsonSerializer.Deserialize(json, type)!));
}
