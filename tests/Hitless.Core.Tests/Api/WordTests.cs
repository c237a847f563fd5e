using System.Reflection;
using System.Text.Json;
using Hitless.Core.Api;
using Xunit;

namespace Hitless.Core.Tests.Api;

/// <summary>The words of the API are a promise: scripts and other versions read them.</summary>
public sealed class WordTests
{
    [Theory]
    [InlineData(typeof(UnitRoleWord), "primary standby none")]
    [InlineData(typeof(UnitStateWord), "starting syncing ready draining fault upgrading absent held")]
    [InlineData(typeof(ClusterCondition), "ok degraded down")]
    [InlineData(typeof(ServiceRoleWord), "primary standby fault stop")]
    [InlineData(typeof(ServicesState), "waiting running done failed")]
    [InlineData(typeof(ProbeResult), "passing failing unknown")]
    [InlineData(typeof(SyncState), "in-sync out-of-sync unreachable unknown")]
    [InlineData(typeof(FileSyncState), "in-sync drifted missing check-failed")]
    [InlineData(typeof(SessionClassWord), " follow bound excluded local")]
    [InlineData(typeof(SwitchFate), "survives breaks not-needed")]
    [InlineData(
        typeof(SessionCauseWord),
        "missing extra state nat helper follow translated-source translated-destination redirected excluded-rule excluded-pickup "
            + "own-address virtual-address not-forwarded"
    )]
    [InlineData(typeof(CheckOutcome), "pass warn fail")]
    [InlineData(typeof(RunState), "running waiting paused rolling-back completed rolled-back failed")]
    [InlineData(typeof(StepResult), "running done skipped failed")]
    [InlineData(
        typeof(TrafficVerdict),
        "undecided forwards not-enough-traffic not-known nothing-forwarded no-route unreachable drops no-answer"
    )]
    public void A_type_of_words_has_these_and_shows_them_as_they_are(Type type, string words)
    {
        var values = type.GetFields(BindingFlags.Public | BindingFlags.Static).Select(field => (IWord)field.GetValue(null)!).ToArray();
        Assert.Equal(words.Split(' '), values.Select(value => value.Word));
        Assert.Equal(words.Split(' '), values.Select(value => value.ToString()));
    }

    [Fact]
    public void A_word_of_a_newer_version_is_none_that_is_known_and_is_passed_on()
    {
        var read = JsonSerializer.Deserialize("""{"state":"pondering"}""", ApiJson.Default.RunStatus)!;
        Assert.False(read.State.HasEnded || read.State.IsWaiting || read.State == RunState.Running);
        Assert.Contains("\"state\":\"pondering\"", JsonSerializer.Serialize(read, ApiJson.Default.RunStatus), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("""{"state":null}""")]
    public void Nothing_said_is_no_word(string json) =>
        Assert.Null(JsonSerializer.Deserialize(json, ApiJson.Default.RunStatus)!.State.Word);

    [Theory]
    [InlineData("7")]
    [InlineData("{}")]
    public void What_is_no_word_is_refused(string json) =>
        Assert.Throws<JsonException>(() => JsonSerializer.Deserialize($$"""{"state":{{json}}}""", ApiJson.Default.RunStatus));
}
