using System.Net;
using Hitless.Core.Sessions;
using Xunit;

namespace Hitless.Core.Tests.Sessions;

public sealed class SessionRemedyTests
{
    private const string Nft = """
        table inet gateway {
            chain hide {
                type nat hook postrouting priority srcnat; # masquerade comes below
                oifname "lan0" masquerade
                oifname { "ppp0", "wan0" } ip saddr 10.0.1.0/24 masquerade random
                oifname "wan0" ip6 saddr fd00:1::/64 snat ip6 to fd00:2::2
                meta l4proto gre masquerade
                oifname != "lan0" masquerade
            }
        }
        """;

    [Theory]
    [InlineData("wan0", "5,7,8")]
    [InlineData("lan0", "4,7")]
    [InlineData("ppp0", "5,7,8")]
    public void Masquerade_is_found_by_the_interface_it_is_for(string port, string lines) =>
        Assert.Equal(lines, string.Join(',', NatRules.Masquerades(Nft, port)));

    [Fact]
    public void Rules_of_iptables_are_found_too()
    {
        const string Saved =
            "*nat\n-A POSTROUTING -o wan0 -j MASQUERADE\n-A POSTROUTING -o ppp+ -j MASQUERADE\n-A POSTROUTING -j SNAT --to-source "
            + "198.51.100.7:1024-65535\nCOMMIT\n";
        Assert.Equal([2], NatRules.Masquerades(Saved, "wan0"));
        Assert.Equal([4], NatRules.SourcesTo(Saved, IPAddress.Parse("198.51.100.7")));
        Assert.Equal([6], NatRules.SourcesTo(Nft, IPAddress.Parse("fd00:2::2")));
        Assert.Empty(NatRules.SourcesTo(Nft, IPAddress.Parse("fd00:2::1")));
    }

    [Theory]
    [InlineData(
        "10.0.2.2",
        "write \"snat ip to 10.0.2.1\" instead of \"masquerade\" (/etc/nftables.conf:5, /etc/nftables.conf:7, /etc/nftables.conf:8)"
    )]
    [InlineData(
        "198.51.100.7",
        "give ppp1 a virtual address (interfaces: virtual-addresses) and write \"snat ip to\" it instead of \"masquerade\" "
            + "(/etc/nftables.conf:7, /etc/nftables.conf:8)"
    )]
    [InlineData(
        "fd00:2::2",
        "write \"snat ip6 to fd00:2::1\" instead of \"masquerade\" or \"snat ip6 to fd00:2::2\" (/etc/nftables.conf:5, "
            + "/etc/nftables.conf:7, /etc/nftables.conf:8 and 1 more)"
    )]
    public void The_remedy_names_the_virtual_address_and_the_line(string translatedTo, string remedy) =>
        Assert.Equal(
            remedy,
            SessionRemedy.For(SessionCause.SourceAddress, [Session(translatedTo)], Own(), [new ManagedText("/etc/nftables.conf", Nft)])
        );

    [Fact]
    public void Where_no_managed_file_has_the_rule_the_remedy_says_so() =>
        Assert.Equal(
            "write \"snat ip to 10.0.2.1\" instead of \"masquerade\" or \"snat ip to 10.0.2.2\", which no managed file has, for what "
                + "leaves by wan0",
            SessionRemedy.For(SessionCause.SourceAddress, [Session("10.0.2.2"), Session("10.0.2.2")], Own(), [])
        );

    [Fact]
    public void Every_cause_has_words()
    {
        Assert.Equal(SessionCauses.All.Count, SessionCauses.All.Select(SessionCauses.Id).Distinct().Count());
        Assert.All(SessionCauses.All, cause => Assert.NotEmpty(SessionCauses.Text(cause, "gw1")));
        Assert.Equal(
            "let clients connect to 10.0.2.1 instead of 10.0.2.2, and write \"ip daddr 10.0.2.1\" in the dnat rule",
            SessionRemedy.For(SessionCause.DestinationAddress, [Session("10.0.1.5", "10.0.2.2")], Own(), [])
        );
    }

    private static OwnAddress[] Own()
    {
        IPAddress[] shared = [IPAddress.Parse("fd00:2::1"), IPAddress.Parse("10.0.2.1")];
        return
        [
            new(IPAddress.Parse("10.0.2.2"), "wan0", shared),
            new(IPAddress.Parse("fd00:2::2"), "wan0", shared),
            new(IPAddress.Parse("198.51.100.7"), "ppp1", []),
        ];
    }

    private static SessionRecord Session(string translatedTo, string destination = "203.0.113.9")
    {
        var v6 = translatedTo.Contains(':', StringComparison.Ordinal);
        var server = SessionSamples.Number(v6 ? "2001:db8::9" : destination);
        var original = new SessionTuple(SessionSamples.Number(v6 ? "fd00:1::5" : "10.0.1.5"), server, 4000, 80);
        return new SessionRecord(
            new SessionKey(v6, Protocols.Tcp, 0, original),
            new SessionTuple(server, SessionSamples.Number(translatedTo), 80, 4000),
            SessionStatus.Confirmed,
            300,
            0,
            default
        );
    }
}
