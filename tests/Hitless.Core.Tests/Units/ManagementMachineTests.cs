using Hitless.Core.Api;
using Hitless.Core.Units;
using Hitless.Core.Upgrade;
using Hitless.Core.Wire;
using Xunit;

namespace Hitless.Core.Tests.Units;

/// <summary>Who is asked for journals and who is given them, and when a run goes on.</summary>
public sealed class ManagementMachineTests : IManagementEffects
{
    private static readonly RunHeader Header = new(
        "run-1",
        "image",
        "1.0.0",
        "1.1.0",
        Guided: false,
        KeepPrimary: false,
        "gw1",
        [new RunMember("gw1", "1.0.0", "a", 200), new RunMember("gw2", "1.0.0", "a", 100)],
        DateTimeOffset.UnixEpoch,
        SoakMs: 2000,
        RejoinTimeoutMs: 20_000
    );

    private readonly ManagementMachine machine = new("gw1");
    private readonly List<(RequestId Round, string Unit, IReadOnlyList<JournalEntry> Journal)> writes = [];
    private readonly List<(RequestId Round, string Unit)> reads = [];
    private readonly List<string> announced = [];
    private int cancelled;
    private TimeSpan now = TimeSpan.FromSeconds(100);

    [Fact]
    public void An_entry_goes_to_this_unit_and_to_each_that_is_present_and_counts_when_all_have_answered()
    {
        Begin();

        Assert.Equal(["gw1", "gw2"], writes.Select(write => write.Unit));
        Assert.All(writes, write => Assert.Equal(JournalEntryKind.Begin, write.Journal[^1].Kind));
        Assert.Equal([nameof(JournalEntryKind.Begin)], announced);

        Answer("gw1", JournalCopy.Written);
        Assert.Single(announced);
        Answer("gw2", JournalCopy.Written);
        See();
        Assert.Equal([nameof(JournalEntryKind.Begin), nameof(JournalEntryKind.Started)], announced);
    }

    [Theory]
    [InlineData(JournalCopy.Written, JournalCopy.None, true)]
    [InlineData(JournalCopy.None, JournalCopy.Written, true)]
    [InlineData(JournalCopy.None, JournalCopy.None, false)]
    [InlineData(JournalCopy.Written, JournalCopy.Further, false)]
    public void An_entry_that_is_on_no_disk_or_overtaken_is_not_acted_on(JournalCopy own, JournalCopy other, bool goesOn)
    {
        Begin();
        Answer("gw1", own);
        Answer("gw2", other);
        reads.Clear();
        now += TimeSpan.FromSeconds(2);
        See();

        Assert.Equal(goesOn, announced.Count > 1);
        Assert.Equal(goesOn ? [] : ["gw1", "gw2"], reads.Select(read => read.Unit));
    }

    [Fact]
    public void An_answer_counts_once_and_one_that_nobody_waits_for_does_not()
    {
        Begin();
        Answer("gw1", JournalCopy.Written);
        Answer("gw1", JournalCopy.Written);
        Step(new ManagementInput.Written(new(999), "gw2", JournalCopy.Written));
        Step(new ManagementInput.Found(new(writes[0].Round.Number + 7), "gw2", []));
        See();
        Assert.Single(announced);
    }

    [Fact]
    public void A_new_driver_goes_on_with_the_furthest_journal_and_writes_it_here_first()
    {
        var (begun, further) = (Journal(1), Journal(3));
        See(Unit("gw1", primary: true), Unit("gw2"), Unit("gw3"));
        Drive(epoch: 2);
        Found("gw1", begun);
        Found("gw3", further);
        Assert.Empty(writes);
        Found("gw2", null);

        var keep = Assert.Single(writes);
        Assert.Equal("gw1", keep.Unit);
        Assert.Same(further, keep.Journal);
        Assert.Empty(announced);
        Answer("gw1", JournalCopy.None);
        Assert.Equal([nameof(JournalEntryKind.Drive)], announced);
        Assert.Equal("run-1", machine.Header?.Run);
    }

    [Fact]
    public void Units_that_were_away_when_a_run_ended_are_given_its_end()
    {
        JournalEntry[] ended = [.. Journal(2), Entry(3, JournalEntryKind.End)];
        See(Unit("gw1", primary: true), Unit("gw2"), Unit("gw3"));
        Drive(epoch: 2);
        Found("gw1", ended);
        Found("gw2", Journal(2));
        Found("gw3", ended);

        Assert.Equal(["gw2", "gw1"], writes.Select(write => write.Unit));
        Answer("gw1", JournalCopy.Written);
        Assert.Null(machine.Header);
    }

    [Fact]
    public void A_standby_asks_the_primary_once_for_each_of_its_starts_and_over_and_over_while_a_run_is_open_here()
    {
        See(Unit("gw1"), Unit("gw2", primary: true));
        Assert.Equal(["gw2"], reads.Select(read => read.Unit));
        Found("gw2", []);
        See(Unit("gw1"), Unit("gw2", primary: true));
        Assert.Single(reads);

        See(Unit("gw1", open: true), Unit("gw2", primary: true));
        Assert.Single(reads);
        now += TimeSpan.FromSeconds(1);
        See(Unit("gw1", open: true), Unit("gw2", primary: true));
        Assert.Equal(2, reads.Count);
        now += TimeSpan.FromSeconds(1);
        See(Unit("gw1", open: true), Unit("gw2", primary: true));
        Assert.Equal(2, reads.Count);
        Found("gw2", Journal(3));
        Assert.Equal("gw1", Assert.Single(writes).Unit);
        Assert.NotNull(machine.LookAgainAt);
        now = machine.LookAgainAt.Value;
        See(Unit("gw1"), Unit("gw2", primary: true, tag: 9));
        Assert.Equal(3, reads.Count);
    }

    [Fact]
    public void A_primary_that_drives_nothing_goes_on_with_a_run_that_another_unit_has_open_and_asks_once_a_second()
    {
        See(Unit("gw1", primary: true), Unit("gw2"));
        Drive(epoch: 2);
        Found("gw1", []);
        Found("gw2", []);
        reads.Clear();

        See(Unit("gw1", primary: true), Unit("gw2", open: true));
        Assert.Equal(["gw1", "gw2"], reads.Select(read => read.Unit));
        Found("gw1", []);
        Found("gw2", []);
        See(Unit("gw1", primary: true), Unit("gw2", open: true));
        Assert.Equal(2, reads.Count);
        Assert.NotNull(machine.LookAgainAt);
        now = machine.LookAgainAt.Value;
        See(Unit("gw1", primary: true), Unit("gw2", open: true));
        Assert.Equal(4, reads.Count);
    }

    [Fact]
    public void A_primary_whose_disk_missed_the_end_of_a_run_is_given_it_by_the_others_and_tries_until_it_is_written()
    {
        JournalEntry[] ended = [.. Journal(2), Entry(3, JournalEntryKind.End)];
        See(Unit("gw1", primary: true), Unit("gw2"));
        Drive(epoch: 2);
        Found("gw1", []);
        Found("gw2", []);

        foreach (var copy in (JournalCopy[])[JournalCopy.None, JournalCopy.Written])
        {
            now += TimeSpan.FromSeconds(1);
            reads.Clear();
            writes.Clear();
            See(Unit("gw1", primary: true, open: true), Unit("gw2"));
            Found("gw1", Journal(2));
            Found("gw2", ended);
            var (_, unit, journal) = Assert.Single(writes);
            Assert.Equal(("gw1", JournalEntryKind.End), (unit, journal[^1].Kind));
            Answer("gw1", copy);
            Assert.Null(machine.Header);
        }

        reads.Clear();
        now += TimeSpan.FromSeconds(1);
        See(Unit("gw1", primary: true), Unit("gw2"));
        Assert.Empty(reads);
    }

    [Fact]
    public void What_was_seen_before_the_run_was_driven_moves_no_step()
    {
        Begin();
        Answer("gw1", JournalCopy.Written);
        Answer("gw2", JournalCopy.Written);
        UnitFacts[] units = [Unit("gw1", primary: true), Unit("gw2")];
        Step(new ManagementInput.Seen(1, "priority", units, Run: null));
        Assert.Single(announced);
        See();
        Assert.Equal(2, announced.Count);
    }

    [Fact]
    public void Who_is_primary_no_more_gives_its_act_up_and_who_hears_twice_that_it_is_does_not()
    {
        Begin();
        cancelled = 0;
        Drive(epoch: 1);
        Assert.Equal(0, cancelled);
        Step(new ManagementInput.Role(new RunInput.Drive(Primary: false, 2, "split")));
        Assert.Equal(1, cancelled);
        Assert.Null(machine.Header);
    }

    void IManagementEffects.Write(RequestId round, string unit, IReadOnlyList<JournalEntry> journal) => writes.Add((round, unit, journal));

    void IManagementEffects.Read(RequestId round, string unit) => reads.Add((round, unit));

    void IManagementEffects.Act(RequestId request, RunStep step, RunHeader header) { }

    void IManagementEffects.CancelAct() => cancelled++;

    void IManagementEffects.Announce(JournalEntry entry) => announced.Add(entry.Kind.ToString());

    void IManagementEffects.Ended(RunHeader header, RunState verdict) { }

    private static UnitFacts Unit(string name, bool primary = false, bool open = false, ulong tag = 1) =>
        new(name, Present: true, primary, Ready: true, "1.0.0", 0, new IncarnationTag(tag), open);

    private static JournalEntry[] Journal(int entries) =>
        [
            Entry(1, JournalEntryKind.Begin) with
            {
                Header = Header,
            },
            .. Enumerable.Range(2, entries - 1).Select(number => Entry(number, JournalEntryKind.Drive)),
        ];

    private static JournalEntry Entry(int number, JournalEntryKind kind) =>
        new("run-1", 1, number, DateTimeOffset.UnixEpoch, "gw2", kind, "begin", null, null);

    private void Begin()
    {
        See();
        Drive(epoch: 1);
        Found("gw1", []);
        Found("gw2", []);
        Step(new ManagementInput.Passed(new RunInput.Start(Header)));
    }

    private void Drive(long epoch) => Step(new ManagementInput.Role(new RunInput.Drive(Primary: true, epoch, "priority")));

    private void See() => See(Unit("gw1", primary: true), Unit("gw2"));

    private void See(params UnitFacts[] units) => Step(new ManagementInput.Seen(1, "priority", units, new RunInput.Tick(units)));

    private void Answer(string unit, JournalCopy copy) =>
        Step(new ManagementInput.Written(writes.Last(write => write.Unit == unit).Round, unit, copy));

    private void Found(string unit, IReadOnlyList<JournalEntry>? journal) =>
        Step(new ManagementInput.Found(reads.Last(read => read.Unit == unit).Round, unit, journal));

    private void Step(ManagementInput input) => machine.Step(input, now, DateTimeOffset.UnixEpoch + now, this);
}
