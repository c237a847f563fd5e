using Hitless.Core.Api;
using Hitless.Core.Upgrade;
using Xunit;

namespace Hitless.Core.Tests.Upgrade;

/// <summary>Rule 7, journal before effect: which copies make an entry durable.</summary>
public sealed class JournalReplicationTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(false, JournalCopy.None)]
    [InlineData(true, JournalCopy.Written)]
    [InlineData(true, JournalCopy.None, JournalCopy.Written)]
    [InlineData(true, JournalCopy.Written, JournalCopy.None, JournalCopy.None)]
    [InlineData(false, JournalCopy.Written, JournalCopy.Further)]
    [InlineData(false, JournalCopy.Further, JournalCopy.Written, JournalCopy.Written)]
    public void An_entry_is_durable_on_one_disk_unless_another_unit_drives(bool durable, params JournalCopy[] copies) =>
        Assert.Equal(durable, JournalReplication.IsDurable(copies));

    [Theory]
    [InlineData(0, 0, 1, 1, JournalCopy.None)]
    [InlineData(1, 1, 1, 1, JournalCopy.Written)]
    [InlineData(1, 1, 1, 2, JournalCopy.None)]
    [InlineData(1, 3, 1, 2, JournalCopy.Further)]
    [InlineData(2, 1, 1, 9, JournalCopy.Further)]
    [InlineData(1, 9, 2, 1, JournalCopy.None)]
    public void A_disk_has_an_entry_or_an_older_one_or_a_journal_that_is_further(
        long epochHere,
        int sequenceHere,
        long epoch,
        int sequence,
        JournalCopy expected
    )
    {
        JournalEntry[] here = epochHere == 0 ? [] : [Entry("r", epochHere, sequenceHere)];
        JournalEntry[] journal = [Entry("r", epoch, sequence)];

        Assert.Equal(expected, JournalReplication.CopyIn(here, journal));
        Assert.Equal(expected == JournalCopy.None, JournalReplication.Replaces(here, journal));
    }

    [Theory]
    [InlineData("gw1", 7, "gw2", 7, JournalCopy.None)]
    [InlineData("gw2", 7, "gw1", 7, JournalCopy.Further)]
    [InlineData("gw2", 7, "gw1", 8, JournalCopy.None)]
    [InlineData("gw1", 8, "gw2", 7, JournalCopy.Further)]
    [InlineData("gw1", 7, "gw1", 7, JournalCopy.Written)]
    public void Entries_of_two_drivers_in_one_epoch_number_are_never_the_same(
        string driverHere,
        int sequenceHere,
        string driver,
        int sequence,
        JournalCopy expected
    )
    {
        JournalEntry[] here = [Entry("r", 2, sequenceHere) with { Unit = driverHere }];
        JournalEntry[] journal = [Entry("r", 2, sequence) with { Unit = driver }];
        Assert.Equal(expected, JournalReplication.CopyIn(here, journal));
        Assert.Equal(expected == JournalCopy.None, JournalReplication.Replaces(here, journal));
    }

    [Fact]
    public void A_journal_of_another_run_is_no_copy() =>
        Assert.Equal(JournalCopy.None, JournalReplication.CopyIn([Entry("s", 9, 9)], [Entry("r", 1, 1)]));

    [Fact]
    public void Nothing_is_replaced_by_an_empty_journal() => Assert.False(JournalReplication.Replaces([], []));

    [Fact]
    public void A_unit_with_an_open_journal_learns_the_end_and_nobody_else()
    {
        JournalEntry[] open = [Entry("r", 1, 1)];
        JournalEntry[] ended = [.. open, Entry("r", 1, 2) with { Kind = JournalEntryKind.End, Detail = RunState.Completed.Word }];

        Assert.True(JournalReplication.MustLearnEnd(ended, open));
        Assert.False(JournalReplication.MustLearnEnd(ended, ended));
        Assert.False(JournalReplication.MustLearnEnd(open, open));
        Assert.False(JournalReplication.MustLearnEnd(ended, []));
        Assert.False(JournalReplication.MustLearnEnd([], open));
    }

    [Fact]
    public void A_driver_goes_on_with_the_journal_that_has_ended_else_with_the_furthest()
    {
        JournalEntry[] ended = [Entry("r", 1, 1) with { Kind = JournalEntryKind.End }];
        JournalEntry[] further = [Entry("r", 5, 5)];

        Assert.Same(
            ended,
            JournalReplication.Furthest([
                [],
                further,
                ended,
            ])
        );
        Assert.Same(
            further,
            JournalReplication.Furthest([
                [Entry("r", 4, 9)],
                further,
                [],
            ])
        );
        Assert.Empty(JournalReplication.Furthest([]));
    }

    private static JournalEntry Entry(string run, long epoch, int sequence) =>
        new(run, epoch, sequence, DateTimeOffset.UnixEpoch, "gw1", JournalEntryKind.Started, RunStep.Freeze, null, null);
}
