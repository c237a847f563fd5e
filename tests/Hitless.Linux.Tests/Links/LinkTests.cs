using System.Net;
using Hitless.Core.Forwarding;
using Hitless.Linux.Links;
using Hitless.Linux.Namespaces;

namespace Hitless.Linux.Tests.Links;

public sealed class LinkTests
{
    [Fact]
    public void Links_are_read_with_their_state()
    {
        using var units = new TwoUnits();
        using var table = NetworkNamespace.Run(units.A, () => new LinkTable());

        var lan = table.Find("lan0")!.Value;

        Assert.True(lan.Up);
        Assert.Contains(lan.Mac.ToString(), Shell.Run($"ip -n {units.A} link show lan0"), StringComparison.Ordinal);
        Assert.Null(table.Find("absent0"));
        Assert.Equal(["lan0", "lo", "wan0"], table.Read().Select(link => link.Name).Order(StringComparer.Ordinal));

        Shell.Run($"ip -n {units.Switch} link set a-lan0 down");
        Assert.Equal((true, false), (table.Find("lan0")!.Value.AdminUp, table.Find("lan0")!.Value.Carrier));
    }

    [Fact]
    public void The_unicast_filter_is_set_and_taken_away_any_number_of_times()
    {
        using var units = new TwoUnits();
        using var table = NetworkNamespace.Run(units.A, () => new LinkTable());
        var index = table.Find("lan0")!.Value.Index;

        table.EnsureUnicastFilter(index, units.LanMac).ThrowIfFailed("again");
        Assert.Contains($"{units.LanMac} dev lan0 self permanent", Shell.Run($"bridge -n {units.A} fdb"), StringComparison.Ordinal);
        table.RemoveUnicastFilter(index, units.LanMac).ThrowIfFailed("remove");
        table.RemoveUnicastFilter(index, units.LanMac).ThrowIfFailed("remove again");
        Assert.DoesNotContain(units.LanMac.ToString(), Shell.Run($"bridge -n {units.A} fdb"), StringComparison.Ordinal);
    }

    [Fact]
    public void Addresses_are_made_to_stand_and_to_go_any_number_of_times()
    {
        using var units = new TwoUnits();
        using var links = NetworkNamespace.Run(units.A, () => new LinkTable());
        using var table = NetworkNamespace.Run(units.A, () => new AddressTable());
        var index = links.Find("lan0")!.Value.Index;
        LinkAddress[] wanted =
        [
            .. Enumerable.Range(1, 100).Select(i => new LinkAddress(index, new AddressPrefix(IPAddress.Parse($"10.99.0.{i}"), 24))),
            .. Enumerable.Range(1, 100).Select(i => new LinkAddress(index, new AddressPrefix(IPAddress.Parse($"fd99::{i}"), 64))),
        ];

        table.Ensure(wanted).ThrowIfFailed("ensure");
        table.Ensure(wanted).ThrowIfFailed("ensure again");
        var standing = table.Read().Where(each => each.Usable).Select(each => new LinkAddress(each.LinkIndex, each.Prefix)).ToHashSet();
        Assert.Superset(wanted.ToHashSet(), standing);

        table.Remove(wanted).ThrowIfFailed("remove");
        table.Remove(wanted).ThrowIfFailed("remove again");
        Assert.DoesNotContain(table.Read(), each => wanted.Contains(new LinkAddress(each.LinkIndex, each.Prefix)));
        Assert.Contains(table.Read(), each => each.Prefix.ToString() == "10.77.1.2/24");
    }

    [Fact]
    public void A_monitor_tells_of_links_that_go_down_and_of_addresses_that_are_removed()
    {
        using var units = new TwoUnits();
        using var monitor = NetworkNamespace.Run(units.A, () => new LinkMonitor());
        Assert.False(monitor.TryRead(out _));

        Shell.Run($"ip -n {units.A} addr del 10.77.1.1/24 dev lan0; ip -n {units.Switch} link set a-wan0 down");

        var changes = new List<LinkChange>();
        while (monitor.TryRead(out var change))
        {
            changes.Add(change);
        }

        Assert.Contains(changes, each => each.Kind == LinkChangeKind.AddressRemoved && each.Address.Prefix.ToString() == "10.77.1.1/24");
        Assert.Contains(changes, each => each.Kind == LinkChangeKind.Link && each.Link is { Name: "wan0", AdminUp: true, Carrier: false });
    }

    [Fact]
    public void A_namespace_that_does_not_exist_is_named()
    {
        var failure = Assert.Throws<IOException>(() => NetworkNamespace.Run("linux-test-nowhere", () => { }));

        Assert.Contains("linux-test-nowhere", failure.Message, StringComparison.Ordinal);
    }
}
