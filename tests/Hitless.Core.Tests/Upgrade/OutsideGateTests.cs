using System.Text;
using Hitless.Core.Api;
using Hitless.Core.Configuration;
using Hitless.Core.Upgrade;
using Xunit;

namespace Hitless.Core.Tests.Upgrade;

public sealed class OutsideGateTests
{
    private const string Board = "change-board";
    private const string Alerts = "no-alerts";
    private const string Page = "http://10.0.0.5:9090/api/v1/query?query=ALERTS";
    private readonly RunWorld world = new("gw1", "gw2");

    private RunStatus Status => RunView.Status(world.Journal, DateTimeOffset.UnixEpoch);

    private bool IsHeld => world.Journal.Count > 0 && Status.State == RunState.Waiting;

    private string? HeldBy => world.Journal.Count > 0 ? Status.Gate?.Name : null;

    [Theory]
    [InlineData(OutsideGate.Start, "backup")]
    [InlineData(OutsideGate.Install, "copy gw2")]
    [InlineData(OutsideGate.Switch, "switchover gw2")]
    [InlineData(OutsideGate.End, "final-primary")]
    public void A_run_waits_for_a_word_before_the_step_and_goes_on_when_it_is_given(string before, string step)
    {
        world.Start(With(new OutsideGate(Board, [before], null, 3_600_000)));
        Assert.True(world.Until(() => IsHeld));
        world.Beats(100);
        Assert.DoesNotContain(step, world.Acts);
        Assert.Equal(RunState.Waiting, Report().Verdict);
        Assert.Equal((Board, step.Split(' ')[0]), (Status.Gate!.Name, Status.Gate.Step));
        Assert.Contains("waits for its word", Status.Text, StringComparison.Ordinal);
        SayUntilTheEnd(new GateWord(Board, Pass: true, "CHG-123"));
        Assert.Equal("completed", world.Verdict);
        Assert.Contains(Report().Words, word => word.Word == $"gate-opened {Board}: CHG-123");
    }

    [Fact]
    public void Each_step_that_it_stands_before_wants_a_word_of_its_own()
    {
        world.Start(With(new OutsideGate(Board, [OutsideGate.Install], null, 3_600_000)));
        SayUntilTheEnd(new GateWord(Board, Pass: true, null));
        Assert.Equal("completed", world.Verdict);
        Assert.Equal(2, world.Journal.Count(e => e.Step == RunStep.GateWaits));
        Assert.Equal(2, world.Journal.Count(e => e.Step == RunStep.GateOpened));
    }

    [Fact]
    public void Who_says_no_sends_the_run_back_with_the_reason()
    {
        world.Start(With(new OutsideGate(Board, [OutsideGate.Switch], null, 3_600_000)));
        Assert.True(world.Until(() => IsHeld));
        world.Say(new GateWord(Board, Pass: false, "match of the year"));
        Assert.Equal("rolled-back", world.Finish());
        Assert.Equal($"gate {Board} said no: match of the year", Report().Reason);
        Assert.DoesNotContain("switchover gw2", world.Acts);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_gate_that_does_not_open_in_time_sends_the_run_back(bool ofAlerts)
    {
        world.Sights = ofAlerts ? [new GateSight(Board, Open: false, "alert LinkDown")] : [];
        world.Start(With(new OutsideGate(Board, [OutsideGate.Switch], ofAlerts ? Page : null, 60_000)));
        Assert.Equal("rolled-back", world.Finish());
        Assert.Contains("did not open within 60 s", Report().Reason, StringComparison.Ordinal);
        Assert.Contains(ofAlerts ? "alert LinkDown" : "waits for its word", Report().Reason!, StringComparison.Ordinal);
    }

    [Fact]
    public void A_word_for_another_gate_or_before_its_time_is_none()
    {
        world.Start(With(new OutsideGate(Board, [OutsideGate.Switch], null, 3_600_000)));
        world.Say(new GateWord(Board, Pass: true, null));
        Assert.True(world.Until(() => IsHeld));
        world.Say(new GateWord(Alerts, Pass: true, null));
        world.Beats(50);
        Assert.Equal(RunState.Waiting, Status.State);
    }

    [Fact]
    public void Alerts_hold_the_run_only_while_they_are_there()
    {
        world.Sights = [new GateSight(Alerts, Open: false, $"{Page} shows alert LinkDown")];
        world.Start(With(new OutsideGate(Alerts, [OutsideGate.Switch], Page, 3_600_000)));
        Assert.True(world.Until(() => IsHeld));
        Assert.Contains("alert LinkDown", Status.Text, StringComparison.Ordinal);
        world.Beats(50);
        Assert.DoesNotContain("switchover gw2", world.Acts);
        world.Sights = [new GateSight(Alerts, Open: true, $"{Page} shows no alert")];
        Assert.Equal("completed", world.Finish());
    }

    [Fact]
    public void A_page_that_was_not_asked_yet_holds_the_run_and_is_no_event()
    {
        world.Start(With(new OutsideGate(Alerts, [OutsideGate.Switch], Page, 3_600_000)));
        Assert.True(world.Until(() => world.Acts.Contains("confirm gw2")));
        world.Beats(20);
        Assert.DoesNotContain("switchover gw2", world.Acts);
        Assert.DoesNotContain(world.Journal, e => e.Step == RunStep.GateWaits);
        world.Sights = [new GateSight(Alerts, Open: true, "no alert")];
        Assert.Equal("completed", world.Finish());
    }

    [Fact]
    public void What_pages_showed_while_a_word_was_waited_for_is_looked_at_again()
    {
        world.Sights = [new GateSight(Alerts, Open: true, "no alert")];
        world.Start(
            With(
                new OutsideGate(Alerts, [OutsideGate.Switch], Page, 3_600_000),
                new OutsideGate(Board, [OutsideGate.Switch], null, 3_600_000)
            )
        );
        Assert.True(world.Until(() => HeldBy == Board));
        world.Sights = [new GateSight(Alerts, Open: false, "alert LinkDown")];
        world.Beats(1);
        world.Say(new GateWord(Board, Pass: true, null));
        Assert.True(world.Until(() => HeldBy == Alerts));
        world.Say(new GateWord(Alerts, Pass: true, "known, and harmless"));
        Assert.Equal("completed", world.Finish());
    }

    [Fact]
    public void A_guided_run_waits_for_both()
    {
        world.Start(With(new OutsideGate(Board, [OutsideGate.Switch], null, 3_600_000)) with { Guided = true });
        for (var gate = 0; gate < 3; gate++)
        {
            Assert.True(world.Until(() => world.Primary!.Machine.Waiting));
            world.Say(RunCommand.Next);
            world.Beats(1);
        }

        Assert.True(world.Until(() => HeldBy == Board));
        world.Beats(20);
        Assert.False(world.Primary!.Machine.Waiting);
        world.Say(new GateWord(Board, Pass: true, null));
        Assert.True(world.Until(() => world.Acts.Contains("switchover gw2")));
    }

    [Fact]
    public void Time_in_a_pause_does_not_count()
    {
        world.Start(With(new OutsideGate(Board, [OutsideGate.Switch], null, 60_000)));
        Assert.True(world.Until(() => IsHeld));
        world.Say(RunCommand.Pause);
        world.Beats(1200);
        Assert.Equal(RunState.Waiting, Status.State);
        world.Say(RunCommand.Resume);
        world.Beats(20);
        Assert.DoesNotContain(world.Journal, e => e.Kind == JournalEntryKind.Rollback);
    }

    [Theory]
    [InlineData("pause")]
    [InlineData("abort")]
    [InlineData("rehearse")]
    public void A_reason_that_reads_like_a_command_is_none(string reason)
    {
        world.Start(With(new OutsideGate(Board, [OutsideGate.Switch], null, 3_600_000)));
        SayUntilTheEnd(new GateWord(Board, Pass: true, reason));
        Assert.Equal("completed", world.Verdict);
    }

    [Theory]
    [InlineData("""{"status":"success","data":{"resultType":"vector","result":[]}}""", true, "no alert")]
    [InlineData(
        """{"status":"success","data":{"resultType":"vector","result":[{"metric":{"alertname":"LinkDown"},"value":[1,"1"]}]}}""",
        false,
        "alert LinkDown"
    )]
    [InlineData(
        """{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[1,"1"]}]}}""",
        false,
        "without a name"
    )]
    [InlineData("""{"status":"error","error":"parse error"}""", false, "neither")]
    [InlineData("""{"status":"success","data":{"resultType":"scalar","result":[1,"0"]}}""", false, "neither")]
    [InlineData("""{"status":1,"data":[]}""", false, "neither")]
    [InlineData("[]", true, "no alert")]
    [InlineData("""[{"labels":{"alertname":"A"}},{"labels":{"alertname":"B"}}]""", false, "alerts A, B")]
    [InlineData("""[3]""", false, "without a name")]
    [InlineData("<html>", false, "not JSON")]
    [InlineData("", false, "not JSON")]
    public void A_page_is_open_only_where_it_says_that_there_is_no_alert(string answer, bool open, string why)
    {
        var found = AlertPage.Read(Encoding.UTF8.GetBytes(answer));
        Assert.Equal(open, found.Open);
        Assert.Contains(why, found.Why, StringComparison.Ordinal);
    }

    private RunHeader With(params OutsideGate[] gates) => RunWorld.Header(world) with { Gates = gates };

    private RunReport Report() => RunView.Report(world.Journal, []);

    private void SayUntilTheEnd(GateWord word)
    {
        for (var words = 0; words < 5 && world.Until(() => world.Verdict is not null || IsHeld); words++)
        {
            if (world.Verdict is null)
            {
                world.Say(word);
                world.Beats(2);
            }
        }
    }
}
