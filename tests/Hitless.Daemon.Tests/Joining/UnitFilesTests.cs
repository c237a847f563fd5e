using System.Net;
using System.Text;
using Hitless.Core.Api;
using Hitless.Core.Configuration;
using Hitless.Daemon.Common;
using Hitless.Daemon.Configuration;
using Hitless.Daemon.Joining;
using Xunit;

namespace Hitless.Daemon.Tests.Joining;

public sealed class UnitFilesTests
{
    private const string Path = "/etc/hitless/unit.yaml";

    private const string Flow = """
        # of this cluster
        cluster: { name: edge, group: 7 }
        unit:
          name: gw1     # the good one
          priority: 200
        heartbeat:
          interval: 40ms
          links:
            - { interface: hb0, address: 10.10.9.1, peers: [] }   # the cable
        interfaces:
          - { name: lan0, virtual-addresses: [10.10.1.1/24] }
        """;

    private const string Block = """
        cluster:
          name: edge
        unit: { name: gw1, values: { router-id: 10.0.0.1 } }
        heartbeat:
          links:
            - interface: hb0
              address: 10.10.9.1
              peers:
                - 10.10.9.2   # gw2
            - interface: hb1
              address: "fd00:9::1"
              peers:
              - "fd00:9::2"
        sessions:
          link: { interface: se0, address: 10.10.8.1, peers: [10.10.8.2] }
        interfaces:
          - name: lan0
            virtual-addresses:
              - 10.10.1.1/24
        """;

    private static readonly JoinRequest Second = Joining("gw2", ("hb0", "10.10.9.2"), ("lan0", "10.10.1.3"));
    private static readonly JoinRequest Third = Joining(
        "gw3",
        ("hb0", "fd00::3"),
        ("hb0", "10.10.9.3"),
        ("hb1", "fd00:9::3"),
        ("se0", "10.10.8.3")
    );

    [Fact]
    public void The_first_unit_hears_the_second_and_keeps_its_comments()
    {
        var files = Derive(Flow, Second);
        Assert.Equal(Flow.Replace("peers: []", "peers: [10.10.9.2]", StringComparison.Ordinal), files.Own);
        Assert.Equal(
            Flow.Replace("name: gw1 ", "name: gw2 ", StringComparison.Ordinal)
                .Replace("priority: 200", "priority: 150", StringComparison.Ordinal)
                .Replace("address: 10.10.9.1, peers: []", "address: 10.10.9.2, peers: [10.10.9.1]", StringComparison.Ordinal),
            files.Joined
        );
        Assert.Empty(files.Notes);
    }

    [Fact]
    public void Lists_of_lines_get_a_line_and_every_link_its_address()
    {
        var files = Derive(Block, Third with { Priority = 90 });
        var (own, joined) = (Read(files.Own), Read(files.Joined));
        Assert.Contains("        - 10.10.9.2   # gw2\n        - 10.10.9.3\n", files.Own, StringComparison.Ordinal);
        Assert.Contains("      - \"fd00:9::2\"\n      - \"fd00:9::3\"\n", files.Own, StringComparison.Ordinal);
        Assert.Equal(["10.10.8.2", "10.10.8.3"], own.SessionLink!.Peers.Select(p => $"{p}"));
        Assert.Equal(("gw3", 90, "10.0.0.1"), (joined.Unit.Name, joined.Unit.Priority, joined.Values["router-id"]));
        Assert.Equal(["10.10.9.3", "fd00:9::3"], joined.Heartbeat.Links.Select(l => $"{l.Address}"));
        Assert.Equal(
            ["10.10.9.1", "10.10.9.2", "fd00:9::1", "fd00:9::2"],
            joined.Heartbeat.Links.SelectMany(l => l.Peers).Select(p => $"{p}")
        );
        Assert.Equal(("10.10.8.3", "10.10.8.1"), ($"{joined.SessionLink!.Address}", $"{joined.SessionLink.Peers[0]}"));
        Assert.Contains(files.Notes, note =>
            note.StartsWith("the unit with 10.10.9.2 on hb0 is not heard, and must hear gw3 too", StringComparison.Ordinal)
        );
        Assert.Contains(files.Notes, note => note.Contains("unit.values", StringComparison.Ordinal));
    }

    [Fact]
    public void Units_that_were_told_are_no_operators_work()
    {
        var second = Read(Derive(Block, Third).Joined);
        var third = UnitFiles.Derive(Path, Block, null, Read(Block), Third, [new("hb0", "10.10.9.2"), new("hb1", "fd00:9::2")]);
        Assert.DoesNotContain(third.Notes, note => note.Contains("on hb0 is not heard", StringComparison.Ordinal));
        Assert.Contains(third.Notes, note => note.Contains("the unit with 10.10.8.2 on se0 is not heard", StringComparison.Ordinal));
        Assert.Equal(
            (PortAddress[])[new("hb0", "10.10.9.3"), new("hb1", "fd00:9::3"), new("se0", "10.10.8.3")],
            UnitFiles.AddressesOf(second)
        );
    }

    [Fact]
    public void A_unit_that_joins_again_changes_nothing()
    {
        var once = Derive(Flow, Second);
        var again = Derive(once.Own, Second);
        Assert.Equal((once.Own, once.Joined), (again.Own, again.Joined));
        Assert.Contains("already", Assert.Single(again.Notes), StringComparison.Ordinal);
    }

    [Fact]
    public void A_unit_that_is_removed_is_nobodys_peer_and_nothing_else_changes()
    {
        IPAddress[] lost = [IPAddress.Parse("10.10.9.3"), IPAddress.Parse("fd00:9::3"), IPAddress.Parse("10.10.8.3")];
        var with = Derive(Block, Third).Own;
        var without = UnitFiles.Without(Path, with, null, lost);
        Assert.Equal(
            ["10.10.9.2", "fd00:9::2", "10.10.8.2"],
            Read(without).Heartbeat.Links.Append(Read(without).SessionLink!).SelectMany(l => l.Peers).Select(p => $"{p}")
        );
        Assert.Equal(without, UnitFiles.Without(Path, without, null, lost));
        Assert.Equal(Flow, UnitFiles.Without(Path, Derive(Flow, Second).Own, null, [IPAddress.Parse("10.10.9.2")]));
    }

    public static TheoryData<string, JoinRequest, string> Wrong =>
        new()
        {
            { Flow, Joining("gw1", ("hb0", "10.10.9.2")), "named gw1 itself" },
            { Flow, Joining("gw2", ("hb1", "10.10.9.2")), "no address of its own on hb0" },
            { Flow, Joining("gw2", ("hb0", "fd00::2")), "no address of its own on hb0" },
            { Flow, Joining("gw2", ("hb0", "10.10.9.1")), "no address of its own on hb0" },
            { Flow, Joining("gw2", ("hb0", "nonsense")), "no address of its own on hb0" },
            { Block, Joining("gw3", ("hb0", "10.10.9.3"), ("hb1", "fd00:9::3")), "on se0" },
            { Flow, Joining("Gateway 2", ("hb0", "10.10.9.2")), "would be wrong" },
            { Flow, Joining("x, priority: 1", ("hb0", "10.10.9.2")), "would be wrong" },
            { Flow, Joining("gw2\n  override: true", ("hb0", "10.10.9.2")), "would be wrong" },
            { Block, Joining("gw3, override: true", ("hb0", "10.10.9.3"), ("hb1", "fd00:9::3"), ("se0", "10.10.8.3")), "would be wrong" },
            { Flow, Second with { Priority = 256 }, "would be wrong" },
        };

    [Theory]
    [MemberData(nameof(Wrong))]
    public void What_does_not_go_with_the_cluster_is_refused(string text, JoinRequest request, string said)
    {
        var refused = Assert.Throws<RefusedException>(() => Derive(text, request));
        Assert.Contains(said, refused.Message, StringComparison.Ordinal);
        Assert.NotEmpty(refused.Remedy);
    }

    private static JoinRequest Joining(string unit, params (string Interface, string Address)[] addresses) =>
        new(unit, null, [.. addresses.Select(each => new PortAddress(each.Interface, each.Address))]);

    private static UnitFiles Derive(string text, JoinRequest request) => UnitFiles.Derive(Path, text, null, Read(text), request, []);

    private static UnitSettings Read(string text)
    {
        Assert.True(
            UnitFile.TryParse(Encoding.UTF8.GetBytes(text), Path, null, out var settings, out var problems),
            string.Join('\n', problems)
        );
        return settings;
    }
}
