using System.Diagnostics;
using Hitless.Boot;
using Hitless.Core.Firmware;
using Hitless.Daemon.Tests.Firmware;
using Hitless.Firmware.Slots;
using Xunit;

namespace Hitless.Daemon.Tests.Boot;

/// <summary>
/// The supervisor with small scripts as hitlessd. Each of them writes what it does into one file; the test reads it when everything has
/// ended.
/// </summary>
public sealed class SupervisorTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly Workshop workshop = new();
    private readonly SlotStore slots;
    private readonly List<string> log = [];

    public SupervisorTests()
    {
        slots = new SlotStore(workshop.State);
        slots.Write(BootRules.Installed(BootState.Empty, Slot.A, Version("1.0.0"), "old"));
    }

    private string Diary => workshop.PathOf("diary");

    private BootState State => slots.Read(out _);

    public void Dispose() => workshop.Dispose();

    [Fact]
    public async Task A_good_slot_starts_with_its_arguments_and_its_slot_and_ends_with_its_daemon()
    {
        Script(Slot.A, "echo \"$HITLESS_SLOT $*\" >>DIARY; exit 0");
        Assert.Equal(0, await RunAsync(options => options with { Config = "/c/unit.yaml", Socket = "/s", DaemonArguments = ["--more"] }));
        Assert.Equal([$"a --config /c/unit.yaml --state {workshop.State} --socket /s --more"], Written());
    }

    [Theory]
    [InlineData(null, "no")]
    [InlineData("reboot", "yes")]
    public async Task The_daemon_is_told_whether_the_machine_can_be_rebooted(string? command, string told)
    {
        Script(Slot.A, "echo $HITLESS_REBOOT >>DIARY; exit 0");
        Assert.Equal(0, await RunAsync(options => options with { RebootCommand = command }));
        Assert.Equal([told], Written());
    }

    [Fact]
    public async Task A_trial_that_exits_at_once_uses_up_its_tries_and_falls_back()
    {
        BeginTrial(TimeSpan.FromMinutes(1), "echo b >>DIARY; exit 1");
        Script(Slot.A, "echo a >>DIARY; exit 0");
        Assert.Equal(0, await RunAsync());
        Assert.Equal(["b", "b", "b", "a"], Written());
        Assert.Equal("fell back from version 1.1.0 in slot b to 1.0.0 in slot a: its tries are used up", State.LastOutcome);
        Assert.False(State.B!.Good);
        Assert.Contains(State.LastOutcome!, log);
    }

    [Fact]
    public async Task A_trial_that_ends_well_but_unconfirmed_is_no_success()
    {
        BeginTrial(TimeSpan.FromMinutes(1), "echo b >>DIARY; exit 0", tries: 1);
        Script(Slot.A, "echo a >>DIARY; exit 0");
        await RunAsync();
        Assert.Equal(["b", "a"], Written());
    }

    [Fact]
    public async Task A_trial_that_is_never_confirmed_is_stopped_at_its_deadline()
    {
        BeginTrial(TimeSpan.FromMilliseconds(300), "echo b >>DIARY; exec sleep 1000");
        Script(Slot.A, "echo a >>DIARY; exit 0");
        await RunAsync();
        Assert.Equal(["b", "a"], Written());
        Assert.EndsWith("not confirmed within 0.3 s", State.LastOutcome, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_trial_deaf_to_sigterm_is_killed()
    {
        BeginTrial(TimeSpan.FromMilliseconds(300), "trap '' TERM; echo b >>DIARY; while :; do sleep 1; done");
        Script(Slot.A, "echo a >>DIARY; exit 0");
        await RunAsync();
        Assert.Equal(["b", "a"], Written());
    }

    [Fact]
    public async Task A_confirmed_trial_goes_on_beyond_its_deadline()
    {
        BeginTrial(
            TimeSpan.FromMilliseconds(300),
            $"echo b >>DIARY; cat {workshop.PathOf("confirmed.json")} >{workshop.PathOf("state/boot.json")}; sleep 1; echo still "
                + $">>DIARY; exit 0"
        );
        Assert.True(BootRules.TryConfirm(State, Slot.B, out var confirmed, out _));
        File.WriteAllBytes(workshop.PathOf("confirmed.json"), confirmed.ToJson());
        Assert.Equal(0, await RunAsync());
        Assert.Equal(["b", "still"], Written());
        Assert.Equal(Slot.B, State.Active);
    }

    [Fact]
    public async Task A_crashed_daemon_of_a_good_slot_is_started_again()
    {
        Script(Slot.A, "echo a >>DIARY; [ $(wc -l <DIARY) -ge 3 ] && exit 0; kill -9 $$");
        Assert.Equal(0, await RunAsync());
        Assert.Equal(["a", "a", "a"], Written());
    }

    [Fact]
    public async Task Exit_code_75_starts_what_is_chosen_then()
    {
        BeginTrial(TimeSpan.FromMinutes(1), "echo b >>DIARY; exit 75");
        Assert.True(BootRules.TryRollBack(State, State.Active, "asked", out var back, out _));
        File.WriteAllBytes(workshop.PathOf("back.json"), back.ToJson());
        Script(Slot.B, $"echo b >>DIARY; cp {workshop.PathOf("back.json")} {workshop.PathOf("state/boot.json")}; exit 75");
        Script(Slot.A, "echo a >>DIARY; exit 0");
        await RunAsync();
        Assert.Equal(["b", "a"], Written());
    }

    [Fact]
    public async Task Exit_code_76_runs_the_reboot_command_and_starts_over_if_that_returns()
    {
        Script(Slot.A, "echo a >>DIARY; [ $(wc -l <DIARY) -ge 3 ] && exit 0; exit 76");
        await RunAsync(options => options with { RebootCommand = $"echo reboot >>{Diary}", RebootTimeout = TimeSpan.Zero });
        Assert.Equal(["a", "reboot", "a"], Written());
        Assert.Contains(log, line => line.Contains("has not rebooted", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_reboot_command_that_fails_is_told_of_and_nothing_is_waited_for()
    {
        Script(Slot.A, "echo a >>DIARY; [ $(wc -l <DIARY) -ge 2 ] && exit 0; exit 76");
        await RunAsync(options => options with { RebootCommand = "exit 3" });
        Assert.Equal(["a", "a"], Written());
        Assert.Contains(log, line => line.Contains("exit 3 ended with 3", StringComparison.Ordinal));
    }

    /// <summary>systemctl returns at once; what it asks for takes seconds.</summary>
    [Fact]
    public async Task While_a_machine_goes_down_no_daemon_is_started_and_no_try_used_up()
    {
        BeginTrial(TimeSpan.FromMinutes(1), "echo b >>DIARY; exit 0");
        var state = State;
        Script(Slot.A, "echo a >>DIARY; exit 0");
        Script(Slot.B, "echo b >>DIARY; exit 76");
        using var down = new CancellationTokenSource();
        var running = RunAsync(options => options with { RebootCommand = $"echo reboot >>{Diary}" }, down);
        for (var looks = 0; looks < 500 && !(File.Exists(Diary) && Written().Contains("reboot")); looks++)
        {
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }

        // The machine goes down for a moment more: what should not be started would be by now.
        await Task.Delay(200, TestContext.Current.CancellationToken);
        await down.CancelAsync();

        Assert.Equal(0, await running);
        Assert.Equal(["b", "reboot"], Written());
        Assert.Equal(state.Trial!.TriesLeft - 1, State.Trial!.TriesLeft);
    }

    [Fact]
    public async Task A_slot_without_a_daemon_counts_as_a_crash()
    {
        slots.Write(BootRules.Installed(State, Slot.B, Version("1.1.0"), "new"));
        Assert.Null(slots.BeginTrial(TimeSpan.FromMinutes(1)));
        Script(Slot.A, "echo a >>DIARY; exit 0");
        await RunAsync();
        Assert.Equal(["a"], Written());
    }

    [Fact]
    public async Task Empty_slots_are_named_with_the_remedy()
    {
        slots.Write(BootState.Empty);
        Assert.Equal(1, await RunAsync());
        Assert.Contains("--install", Assert.Single(log), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_stop_is_handed_on_and_waited_for()
    {
        var started = workshop.PathOf("started");
        using (var mkfifo = Process.Start("mkfifo", [started]))
        {
            await mkfifo.WaitForExitAsync(TestContext.Current.CancellationToken);
        }

        Script(Slot.A, $"trap 'echo stopped >>DIARY; exit 0' TERM; echo up >{started}; while :; do sleep 0.05; done");
        using var stop = new CancellationTokenSource();
        var running = RunAsync(stop: stop);
        await File.ReadAllTextAsync(started, TestContext.Current.CancellationToken)
            .WaitAsync(Patience, TestContext.Current.CancellationToken);
        await stop.CancelAsync();
        Assert.Equal(0, await running);
        Assert.Equal(["stopped"], Written());
    }

    [Theory]
    [InlineData("printf x >&$HITLESS_PULSE; kill -STOP $$", "stopped")]
    [InlineData("while [ $((n += 1)) -lt 8 ]; do printf x >&$HITLESS_PULSE; sleep 0.1; done; sleep 60", "busy for ever")]
    public async Task A_daemon_that_no_longer_says_that_its_loops_turn_is_killed_and_started_anew(string hangs, string how)
    {
        Script(Slot.A, $"[ ! -e DIARY ] || {{ echo again >>DIARY; exit 0; }}; echo {how} >>DIARY; exec bash -c '{hangs}'");
        Assert.Equal(0, await RunAsync(options => options with { PulseTimeout = TimeSpan.FromSeconds(1) }));
        Assert.Equal([how, "again"], Written());
        Assert.Contains("hitlessd of slot a has said nothing for 1 s: it hangs, and is killed", log);
    }

    [Fact]
    public async Task A_daemon_that_never_says_that_its_loops_turn_is_left_alone()
    {
        Script(Slot.A, "sleep 1; echo done >>DIARY; exit 0");
        Assert.Equal(0, await RunAsync(options => options with { PulseTimeout = TimeSpan.FromMilliseconds(100) }));
        Assert.Equal(["done"], Written());
    }

    [Fact]
    public void Only_one_supervisor_holds_a_state_directory()
    {
        using var first = SingleInstance.TryTake(workshop.State, _ => { });
        Assert.NotNull(first);
        Assert.Null(SingleInstance.TryTake(workshop.State, _ => { }));
    }

    private static SemanticVersion Version(string text) =>
        SemanticVersion.TryParse(text, out var version) ? version : throw new ArgumentException(text);

    private void BeginTrial(TimeSpan confirm, string script, int tries = BootState.DefaultTries)
    {
        Script(Slot.B, script);
        slots.Write(BootRules.Installed(State, Slot.B, Version("1.1.0"), "new"));
        Assert.Null(slots.BeginTrial(confirm, tries));
    }

    private void Script(Slot slot, string script)
    {
        Directory.CreateDirectory(slots.FolderOf(slot));
        Workshop.WriteScript(Path.Combine(slots.FolderOf(slot), "hitlessd"), script.Replace("DIARY", Diary, StringComparison.Ordinal));
    }

    private Task<int> RunAsync(Func<BootOptions, BootOptions>? change = null, CancellationTokenSource? stop = null)
    {
        var options = new BootOptions(workshop.State, null, null, null, [], null, null);
        return new Supervisor(change is null ? options : change(options), slots, new OwnProgram("/none"), log.Add)
            .RunAsync(stop?.Token ?? TestContext.Current.CancellationToken)
            .WaitAsync(Patience, TestContext.Current.CancellationToken);
    }

    private string[] Written() => File.ReadAllLines(Diary);
}
