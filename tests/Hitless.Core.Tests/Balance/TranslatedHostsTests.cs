using System.Net;
using Hitless.Core.Balance;
using Hitless.Core.Forwarding;
using Hitless.Core.Sessions;
using Hitless.Core.Tests.Memory;
using Xunit;

namespace Hitless.Core.Tests.Balance;

/// <summary>Which sessions show a host whose flows a standby could not forward.</summary>
public sealed class TranslatedHostsTests
{
    private readonly TranslatedHosts hosts = new([
        new AddressPrefix(IPAddress.Parse("10.10.1.192"), 26),
        new AddressPrefix(IPAddress.Parse("fd00:1::200"), 120),
    ]);

    [Theory]
    [InlineData("10.10.1.5", "198.51.100.7", "198.51.100.7", "203.0.113.1")] // SNAT
    [InlineData("10.10.1.5", "10.10.1.1", "198.51.100.7", "10.10.1.5")] // DNAT alone, from the inside
    [InlineData("198.51.100.7", "203.0.113.1", "10.10.1.5", "198.51.100.7")] // DNAT, from the outside
    [InlineData("10.10.1.5", "10.10.1.1", "198.51.100.7", "203.0.113.1")] // both
    [InlineData("fd00:1::5", "2001:db8::7", "2001:db8::7", "2001:db8::1")] // SNAT of IPv6
    public void A_translated_session_shows_both_ends_once(string from, string to, string answers, string answersTo)
    {
        var session = Session(from, to, answers, answersTo);

        Assert.True(hosts.OnSession(session));
        Assert.False(hosts.OnSession(session));
        Assert.Equal([from, answers], hosts.Take().Select(host => host.ToString()));
        Assert.Empty(hosts.Take());
    }

    [Theory]
    [InlineData("10.10.1.5", "198.51.100.7", "198.51.100.7", "10.10.1.5")] // not translated
    [InlineData("10.10.1.193", "198.51.100.7", "198.51.100.7", "203.0.113.1")] // listed
    [InlineData("198.51.100.7", "203.0.113.1", "10.10.1.255", "198.51.100.7")] // the last address of what is listed
    [InlineData("fd00:1::2ff", "2001:db8::7", "2001:db8::7", "2001:db8::1")]
    public void What_is_not_translated_or_listed_shows_nobody(string from, string to, string answers, string answersTo)
    {
        Assert.False(hosts.OnSession(Session(from, to, answers, answersTo)));
        Assert.Empty(hosts.Take());
    }

    [Theory]
    [InlineData("10.10.1.191")]
    [InlineData("10.10.2.0")]
    public void The_neighbours_of_what_is_listed_are_shown(string from)
    {
        Assert.True(hosts.OnSession(Session(from, "198.51.100.7", "198.51.100.7", "203.0.113.1")));
    }

    [Fact]
    public void Who_is_known_shows_nobody_however_many_it_speaks_with()
    {
        hosts.Know(HostAddress.Of(IPAddress.Parse("10.10.1.5")));

        Assert.All(Enumerable.Range(1, 200), each =>
            Assert.False(hosts.OnSession(Session("10.10.1.5", $"198.51.100.{each}", $"198.51.100.{each}", "203.0.113.1")))
        );
    }

    [Fact]
    public void A_flood_costs_bounded_memory_and_is_seen_again()
    {
        static SessionRecord From(int number) =>
            Session($"10.11.{number / 250}.{(number % 250) + 1}", "198.51.100.7", "198.51.100.7", "203.0.113.1");
        for (var number = 0; number < 3000; number++)
        {
            hosts.OnSession(From(number));
        }

        Assert.Equal(TranslatedHosts.FreshMax, hosts.Take().Count);
        Assert.True(hosts.OnSession(From(2999)));
    }

    [Fact]
    public void Sessions_that_show_nobody_cost_no_memory()
    {
        var (plain, listed) = (
            Session("10.10.1.5", "198.51.100.7", "198.51.100.7", "10.10.1.5"),
            Session("10.10.1.193", "198.51.100.7", "198.51.100.7", "203.0.113.1")
        );
        hosts.OnSession(listed);
        Allocation.AssertNone(() =>
        {
            for (var round = 0; round < 1000; round++)
            {
                hosts.OnSession(plain);
                hosts.OnSession(listed);
            }
        });
    }

    private static SessionRecord Session(string from, string to, string answers, string answersTo)
    {
        var v6 = SessionTuple.IsV6(IPAddress.Parse(from));
        static UInt128 Number(string address) => SessionTuple.Number(IPAddress.Parse(address));
        return new SessionRecord(
            new SessionKey(v6, Protocols.Tcp, 0, new SessionTuple(Number(from), Number(to), 40_000, 443)),
            new SessionTuple(Number(answers), Number(answersTo), 443, 40_000),
            SessionStatus.SeenReply,
            100,
            0,
            default
        );
    }
}
