using System.Net;
using Hitless.Core.Sessions;
using Hitless.Core.Tests.Memory;
using Xunit;

namespace Hitless.Core.Tests.Sessions;

public sealed class SessionExpressionTests
{
    private static readonly SessionRecord Web = Session("10.1.2.3", "192.0.2.1", 40_000, 443) with { Mark = 0x10 };
    private static readonly SessionRecord Name = Session("fd00:1::5", "fd00:2::53", 5353, 53, Protocols.Udp);

    [Theory]
    [InlineData("tcp", true, false)]
    [InlineData("tcp dport 443", true, false)]
    [InlineData("tcp dport { 80, 443 }", true, false)]
    [InlineData("tcp dport {80,8000-8999}", false, false)]
    [InlineData("tcp dport != 443", false, false)]
    [InlineData("tcp dport != { 80, 8000-8999 }", true, false)]
    [InlineData("tcp sport 40000 dport 400-500", true, false)]
    [InlineData("ip", true, false)]
    [InlineData("ip6", false, true)]
    [InlineData("ip saddr 10.1.0.0/16", true, false)]
    [InlineData("ip saddr 10.1.9.9/16", true, false)]
    [InlineData("ip saddr 10.1.0.0/16 ip daddr 192.0.2.1 tcp dport 443", true, false)]
    [InlineData("ip saddr 10.2.0.0-10.9.0.0", false, false)]
    [InlineData("ip saddr != 10.2.0.0/16", true, false)]
    [InlineData("ip daddr 0.0.0.0/0", true, false)]
    [InlineData("ip6 saddr fd00:1::/64 udp dport 53", false, true)]
    [InlineData("ip6 daddr { fd00:2::1-fd00:2::99, fd00:3::1 }", false, true)]
    [InlineData("meta l4proto { tcp, sctp }", true, false)]
    [InlineData("meta l4proto != tcp", false, true)]
    [InlineData("ct mark 16", true, false)]
    [InlineData("ct mark 0x10 tcp", true, false)]
    [InlineData("ct mark != 0x10", false, true)]
    [InlineData("ct zone 0", true, true)]
    public void Nftables_words_name_sessions(string text, bool web, bool name)
    {
        Assert.True(SessionExpression.TryParse(text, out var expression, out var wrongAt), wrongAt);
        Assert.Equal((web, name), (expression.Matches(Web), expression.Matches(Name)));
        Assert.Equal(text, expression.ToString());
    }

    [Theory]
    [InlineData("", "its end")]
    [InlineData("tcp dport", "its end")]
    [InlineData("tcp dprot 443", "\"dprot\"")]
    [InlineData("tcp dport 65536", "\"65536\"")]
    [InlineData("tcp dport 90-80", "\"90-80\"")]
    [InlineData("tcp dport { 80, 443", "its end")]
    [InlineData("tcp dport { 80 443 }", "\"443\"")]
    [InlineData("ip saddr fd00::1", "\"fd00::1\"")]
    [InlineData("ip6 saddr 10.0.0.1", "\"10.0.0.1\"")]
    [InlineData("ip saddr 10.1", "\"10.1\"")]
    [InlineData("dport 443", "\"dport\"")]
    [InlineData("meta mark 7", "\"mark\"")]
    [InlineData("ct state new", "\"state\"")]
    [InlineData("ct mark 0xfffffffff", "\"0xfffffffff\"")]
    public void What_is_not_understood_is_named(string text, string wrongAt)
    {
        Assert.False(SessionExpression.TryParse(text, out _, out var found));
        Assert.Equal(wrongAt, found);
    }

    [Fact]
    public void Any_text_is_read_or_refused()
    {
        var random = new Random(3);
        string[] words =
        [
            "ip",
            "ip6",
            "saddr",
            "daddr",
            "tcp",
            "udp",
            "dport",
            "sport",
            "{",
            "}",
            ",",
            "!=",
            "-",
            "10.0.0.0/8",
            "fd00::/8",
            "::",
            "/",
            "80",
            "1-2",
            "ct",
            "mark",
            "zone",
            "meta",
            "l4proto",
            "0x",
            "\0",
            "9999999999999999999",
        ];
        for (var i = 0; i < 20_000; i++)
        {
            var text = string.Join(
                random.Next(4) == 0 ? "" : " ",
                Enumerable.Range(0, random.Next(8)).Select(_ => words[random.Next(words.Length)])
            );
            if (SessionExpression.TryParse(text, out var expression, out _))
                expression.Matches(Web);
        }
    }

    [Fact]
    public void Excluded_sessions_are_not_replicated_and_asking_costs_no_garbage()
    {
        var filter = new SessionFilter(
            new SessionSettings(true, true, true, true, TimeSpan.Zero, [])
            {
                Exclude = [Expression("udp dport 53"), Expression("ip saddr 10.1.0.0/16 tcp dport { 80, 443 }")],
            },
            [],
            []
        );
        var other = Session("10.2.2.3", "192.0.2.1", 40_000, 443);
        Assert.Equal((false, false, true), (filter.Replicates(Web), filter.Replicates(Name), filter.Replicates(other)));
        Assert.False(filter.Replicates(Expectation(Web)));
        Assert.True(filter.Replicates(Expectation(other)));
        Allocation.AssertNone(() =>
        {
            for (var i = 0; i < 1000; i++)
                filter.Replicates(i % 2 == 0 ? Web : other);
        });
    }

    private static SessionExpectation Expectation(SessionRecord parent) => SessionSamples.Expectation(1) with { Parent = parent.Key };

    private static SessionExpression Expression(string text) =>
        SessionExpression.TryParse(text, out var expression, out var wrongAt)
            ? expression
            : throw new ArgumentException(wrongAt, nameof(text));

    private static SessionRecord Session(
        string source,
        string destination,
        ushort sourcePort,
        ushort destinationPort,
        byte protocol = Protocols.Tcp
    )
    {
        var from = IPAddress.Parse(source);
        var tuple = new SessionTuple(
            SessionTuple.Number(from),
            SessionTuple.Number(IPAddress.Parse(destination)),
            sourcePort,
            destinationPort
        );
        return new SessionRecord(
            new SessionKey(SessionTuple.IsV6(from), protocol, 0, tuple),
            tuple.Inverted(protocol),
            SessionStatus.Confirmed,
            60,
            0,
            default
        );
    }
}
