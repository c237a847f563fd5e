using Hitless.Core.Api;
using Hitless.Core.Upgrade.Changes;
using Xunit;

namespace Hitless.Core.Tests.Upgrade.Changes;

public sealed class SurroundingsComparisonTests
{
    private static readonly StateItem Route = new(StateKind.Forwarding, "route 10.9.0.0/16", "via 10.0.0.9 dev wan0");
    private static readonly StateItem Dns = new(StateKind.Listener, "listener udp 0.0.0.0:53", "");
    private static readonly StateItem Peer = new(StateKind.RoutingPeer, "routing peer 10.0.0.254 (BGP)", "established");
    private static readonly StateItem Gateway = new(StateKind.Neighbour, "gateway 10.0.0.9 dev wan0", "answers");

    public static TheoryData<StateItem> Losses => [Route, Dns, Peer];

    [Fact]
    public void Nothing_changed_is_nothing_to_tell()
    {
        var changes = Compare(Unit("gw1", true, [Route, Dns, Peer, Gateway], true, [Gateway, Peer, Dns, Route]));
        Assert.Empty(changes.Found);
        Assert.Empty(changes.NotKnown);
    }

    [Theory]
    [MemberData(nameof(Losses))]
    public void What_is_gone_is_unexpected_on_a_primary_and_on_a_standby(StateItem lost)
    {
        foreach (var primary in (bool[])[true, false])
        {
            var change = Assert.Single(Compare(Unit("gw1", primary, [lost], primary, [])).Found);
            Assert.Equal((lost.Name, lost.Value, null, false), (change.Name, change.Before, change.After, change.Expected));
        }
    }

    [Fact]
    public void What_went_with_the_role_is_expected_on_both_units()
    {
        var changes = Compare(Unit("gw1", true, [Route, Dns], false, [Route]), Unit("gw2", false, [Route], true, [Route, Dns]));
        Assert.All(changes.Found, change => Assert.True(change.Expected));
        Assert.Equal(["gw1", "gw2"], changes.Found.Select(change => change.Unit));
    }

    [Fact]
    public void What_both_had_and_one_has_lost_is_not_excused_by_a_change_of_role()
    {
        var changes = Compare(Unit("gw1", true, [Dns], false, []), Unit("gw2", false, [Dns], true, [Dns]));
        Assert.Equal(("gw1", false), (Assert.Single(changes.Found).Unit, changes.Found[0].Expected));
    }

    [Fact]
    public void What_moved_to_a_unit_that_did_not_become_primary_is_unexpected()
    {
        var changes = Compare(Unit("gw1", true, [Dns], false, []), Unit("gw2", false, [], false, [Dns]), Unit("gw3", false, [], true, []));
        Assert.Equal(2, changes.Found.Count(change => !change.Expected));
    }

    [Theory]
    [InlineData("listener udp 0.0.0.0:53", "", true)]
    [InlineData("listener udp *", "", true)]
    [InlineData("", "listener *:53", true)]
    [InlineData("listener tcp *", "route *", false)]
    public void What_is_listed_is_expected(string expect, string ignore, bool expected)
    {
        var changes = SurroundingsComparison.Compare([Unit("gw1", true, [Dns], true, [])], Listed(expect), Listed(ignore));
        Assert.Equal(expected, Assert.Single(changes.Found).Expected);

        static string[] Listed(string pattern) => pattern.Length == 0 ? [] : [pattern];
    }

    [Theory]
    [InlineData("5", "5", null)]
    [InlineData("5", "7", "7")]
    [InlineData("5", "0", null)]
    [InlineData("5", "2", "2, counted anew")]
    [InlineData(null, "3", "3")]
    public void Errors_of_an_interface_count_where_there_are_more(string? before, string after, string? told)
    {
        var changes = Compare(Unit("gw1", true, Errors(before), true, Errors(after)));
        Assert.Equal(told is null ? [] : [told], changes.Found.Select(change => change.After));

        static StateItem[] Errors(string? count) =>
            count is null ? [] : [new(StateKind.InterfaceErrors, "errors of interface wan0", count)];
    }

    [Theory]
    [InlineData(true, true, 1)]
    [InlineData(true, false, 0)]
    public void A_gateway_that_answers_no_more_is_told_of_the_primary_only(bool before, bool after, int told) =>
        Assert.Equal(told, Compare(Unit("gw1", before, [Gateway], after, [])).Found.Count);

    [Fact]
    public void Of_a_commands_output_the_lines_that_differ_are_shown()
    {
        var changes = Compare(Unit("gw1", true, [Bgp("one up\ntwo up\nthree up\n")], true, [Bgp("one up\ntwo down\nthree up\n")]));
        Assert.Equal(("two up", "two down", false), (changes.Found[0].Before, changes.Found[0].After, changes.Found[0].Expected));

        static StateItem Bgp(string output) => new(StateKind.Command, "command bgp", output);
    }

    [Fact]
    public void A_unit_that_says_nothing_is_not_taken_for_one_without_a_difference()
    {
        var changes = Compare(new UnitBeforeAndAfter("gw2", null, null, "it did not answer: refused"));
        Assert.Equal(["gw2: it did not answer: refused"], changes.NotKnown);
    }

    [Fact]
    public void A_report_holds_no_more_than_it_can_show_and_counts_the_rest()
    {
        StateItem[] many =
        [
            .. Enumerable.Range(0, 450).Select(i => new StateItem(StateKind.Forwarding, $"route 10.{i / 256}.{i % 256}.0/24", "dev lan0")),
        ];
        var changes = Compare(Unit("gw1", true, many, true, []));
        Assert.Equal((200, 250), (changes.Found.Count, changes.LeftOut));
    }

    private static ReportChanges Compare(params UnitBeforeAndAfter[] units) => SurroundingsComparison.Compare(units, [], []);

    private static UnitBeforeAndAfter Unit(string name, bool wasPrimary, StateItem[] before, bool isPrimary, StateItem[] after) =>
        new(name, new Surroundings(wasPrimary, before, []), new Surroundings(isPrimary, after, []), null);
}
