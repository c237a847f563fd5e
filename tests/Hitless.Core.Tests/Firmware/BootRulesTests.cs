using Hitless.Core.Firmware;
using Xunit;

namespace Hitless.Core.Tests.Firmware;

public sealed class BootRulesTests
{
    private static readonly SemanticVersion Old = VersionTests.Version("1.0.0");
    private static readonly SemanticVersion New = VersionTests.Version("1.1.0");
    private static readonly BootState OldInA = BootRules.Installed(BootState.Empty, Slot.A, Old, "old");

    [Fact]
    public void The_first_installation_is_active_and_good()
    {
        Assert.Equal(Slot.A, BootRules.Boot(OldInA).Slot);
        Assert.True(OldInA.A!.Good);
        Assert.Null(BootRules.Boot(BootState.Empty).Slot);
    }

    [Fact]
    public void A_confirmed_trial_becomes_active()
    {
        var booted = BootRules.Boot(OnTrial());
        Assert.Equal(Slot.B, booted.Slot);
        Assert.True(BootRules.TryConfirm(booted.State, Slot.B, out var confirmed, out _));
        Assert.Equal((Slot.B, true, null), (confirmed.Active, confirmed.B!.Good, confirmed.Trial));
        Assert.True(BootRules.TryConfirm(confirmed, Slot.B, out var again, out _));
        Assert.Equal(confirmed, again);
    }

    [Fact]
    public void A_trial_is_started_as_often_as_it_has_tries_then_the_good_slot_is()
    {
        var state = OnTrial();
        for (var tries = 0; tries < BootState.DefaultTries; tries++)
        {
            var choice = BootRules.Boot(state);
            Assert.Equal(Slot.B, choice.Slot);
            state = choice.State;
        }

        var last = BootRules.Boot(state);
        Assert.Equal(Slot.A, last.Slot);
        Assert.Null(last.State.Trial);
        Assert.False(last.State.B!.Good);
        Assert.Equal("fell back from version 1.1.0 in slot b to 1.0.0 in slot a: its tries are used up", last.State.LastOutcome);
    }

    [Fact]
    public void Only_the_slot_on_trial_can_be_confirmed()
    {
        Assert.False(BootRules.TryConfirm(OnTrial(), Slot.A, out _, out var problem));
        Assert.Equal(ImageFault.NotAllowed, problem.Fault);
        Assert.False(BootRules.TryConfirm(OldInA, Slot.B, out _, out _));
    }

    [Fact]
    public void A_rollback_goes_to_the_other_slot_only_if_that_is_good()
    {
        Assert.False(BootRules.TryRollBack(OldInA, Slot.A, "asked", out _, out _));
        Assert.False(BootRules.TryRollBack(BootRules.Installed(OldInA, Slot.B, New, "new"), Slot.A, "asked", out _, out _));
        Assert.True(BootRules.TryConfirm(BootRules.Boot(OnTrial()).State, Slot.B, out var confirmed, out _));
        Assert.True(BootRules.TryRollBack(confirmed, confirmed.Active, "asked", out var back, out _));
        Assert.Equal(Slot.A, BootRules.Boot(back).Slot);
    }

    [Fact]
    public void A_rollback_that_is_asked_for_twice_before_the_next_start_goes_back_once()
    {
        Assert.True(BootRules.TryConfirm(BootRules.Boot(OnTrial()).State, Slot.B, out var confirmed, out _));
        Assert.True(BootRules.TryRollBack(confirmed, Slot.B, "asked", out var back, out _));
        Assert.True(BootRules.TryRollBack(back, Slot.B, "asked again", out var again, out _));
        Assert.Equal(back, again);

        Assert.True(BootRules.TryRollBack(OnTrial(), Slot.B, "aborted", out back, out _));
        Assert.True(BootRules.TryRollBack(back, Slot.B, "aborted again", out again, out _));
        Assert.Equal(Slot.A, BootRules.Boot(again).Slot);
    }

    [Fact]
    public void A_rollback_of_an_open_trial_ends_it()
    {
        Assert.True(BootRules.TryRollBack(OnTrial(), Slot.B, "aborted", out var back, out _));
        Assert.Equal(Slot.A, BootRules.Boot(back).Slot);
    }

    [Fact]
    public void Nothing_is_installed_into_the_running_the_active_or_the_tried_slot()
    {
        Assert.False(BootRules.TryBeginInstall(OldInA, Slot.A, Slot.A, out _, out var running));
        Assert.False(BootRules.TryBeginInstall(OldInA, Slot.A, null, out _, out var active));
        Assert.False(BootRules.TryBeginInstall(OnTrial(), Slot.B, Slot.A, out _, out var tried));
        Assert.All([running, active, tried], problem => Assert.Equal(ImageFault.SlotBusy, problem.Fault));
    }

    [Fact]
    public void A_trial_needs_something_to_try()
    {
        Assert.False(BootRules.TryBeginTrial(OldInA, 3, TimeSpan.FromMinutes(1), out _, out var problem));
        Assert.Equal(ImageFault.SlotEmpty, problem.Fault);
    }

    [Fact]
    public void The_state_survives_its_file()
    {
        Assert.True(BootState.TryRead(OnTrial().ToJson(), out var read, out _));
        Assert.Equal(OnTrial(), read);
        Assert.False(BootState.TryRead("{\"active\":\"c\"}"u8, out _, out var why));
        Assert.Contains("$.active", why, StringComparison.Ordinal);
    }

    /// <summary>
    /// A whole upgrade and the way back as a list of effects. The power is cut after each of them and in the middle of each write into a
    /// slot; what boots then must be a slot whose files are whole.
    /// </summary>
    [Fact]
    public void After_a_power_cut_at_any_point_a_whole_slot_boots()
    {
        var history = new List<(BootState OnDisk, bool AWhole, bool BWhole)>();
        var state = OldInA;
        void Effect(BootState onDisk, bool aWhole, bool bWhole) => history.Add((state = onDisk, aWhole, bWhole));

        Effect(OldInA, true, false);
        Assert.True(BootRules.TryBeginInstall(state, Slot.B, Slot.A, out var emptied, out _));
        Effect(emptied, true, false); // and the files arrive one by one
        Effect(state, true, true);
        Effect(BootRules.Installed(state, Slot.B, New, "new"), true, true);
        Assert.True(BootRules.TryBeginTrial(state, 3, TimeSpan.FromMinutes(1), out var trial, out _));
        Effect(trial, true, true);
        Effect(BootRules.Boot(state).State, true, true);
        Assert.True(BootRules.TryConfirm(state, Slot.B, out var confirmed, out _));
        Effect(confirmed, true, true);
        Assert.True(BootRules.TryBeginInstall(state, Slot.A, Slot.B, out emptied, out _));
        Effect(emptied, true, true);
        Effect(state, false, true); // a's old files are going
        Effect(state, true, true);
        Effect(BootRules.Installed(state, Slot.A, VersionTests.Version("1.2.0"), "newer"), true, true);
        Assert.True(BootRules.TryBeginTrial(state, 1, TimeSpan.FromMinutes(1), out trial, out _));
        Effect(trial, true, true);
        Effect(BootRules.Boot(state).State, true, true);
        Effect(BootRules.Boot(state).State, true, true);

        foreach (var (onDisk, aWhole, bWhole) in history)
        {
            // Power may fail again and again: each boot writes its state, and the next one starts from that.
            for (var (boots, after) = (0, onDisk); boots < 5; boots++)
            {
                var choice = BootRules.Boot(after);
                Assert.True(choice.Slot == Slot.A ? aWhole : choice.Slot == Slot.B && bWhole, $"{onDisk} boots {choice.Slot}");
                after = choice.State;
            }
        }

        Assert.Equal(Slot.B, BootRules.Boot(state).Slot);
    }

    [Fact]
    public void A_crashed_daemon_starts_again_at_once_then_ever_later_up_to_two_seconds()
    {
        var policy = default(RestartPolicy);
        var pauses = new List<double>();
        for (var i = 0; i < 8; i++)
        {
            policy = policy.Crashed(TimeSpan.FromSeconds(1));
            pauses.Add(policy.Pause.TotalMilliseconds);
        }

        Assert.Equal([0, 100, 200, 400, 800, 1600, 2000, 2000], pauses);
        Assert.Equal(TimeSpan.Zero, policy.Crashed(TimeSpan.FromSeconds(11)).Pause);
    }

    private static BootState OnTrial() =>
        BootRules.TryBeginTrial(
            BootRules.Installed(OldInA, Slot.B, New, "new"),
            BootState.DefaultTries,
            TimeSpan.FromMinutes(1),
            out var trial,
            out _
        )
            ? trial
            : throw new InvalidOperationException("a filled spare slot can be tried");
}
