using System.Net;
using Hitless.Core.Api;
using Hitless.Core.Configuration;
using Hitless.Core.Forwarding;
using Hitless.Core.Sessions;
using Hitless.Daemon.Sessions;
using Xunit;

namespace Hitless.Daemon.Tests.Sessions;

/// <summary>Sessions that cannot follow, in real kernels: they are counted by cause as they come and go, and named.</summary>
public sealed class SessionClassesTests
{
    [Fact]
    public async Task What_is_translated_to_an_own_address_is_counted_as_it_comes_and_goes_and_named()
    {
        using var pair = new GatewayPair();
        GatewayPair.Shell(
            $$"""
            set -e
            ip -n {{pair.A}} addr add fd91:2::2/64 dev wan0 nodad preferred_lft forever
            ip -n {{pair.A}} addr change fd91:2::1/64 dev wan0 preferred_lft 0
            ip netns exec {{pair.A}} nft -f - <<EOF
            table inet own {
              chain pre { type nat hook prerouting priority -101; ip daddr 10.91.1.1 tcp dport 9020 dnat ip to 10.91.1.130:9021
              iifname "wan0" ip daddr 10.91.2.2 tcp dport 9022 dnat ip to 10.91.1.10:9023; }
              chain post { type nat hook postrouting priority 99; oifname "lan0" tcp dport 9021 snat ip to 10.91.1.2; }
            }
            EOF
            """
        );
        pair.Follow();
        List<Conversation> bound =
        [
            Conversation.Tcp("masquerade", pair.Client, pair.Server, "10.91.2.10", 9010),
            Conversation.Udp("masquerade of UDP", pair.Client, pair.Server, "10.91.2.10", 9010),
            Conversation.Tcp("masquerade of IPv6", pair.Client, pair.Server, "fd91:2::10", 9010),
            Conversation.Tcp("hairpin", pair.Client, pair.Client, "10.91.1.130", 9021, ("10.91.1.1", 9020), "10.91.1.10"),
            Conversation.Tcp("published at the own address", pair.Server, pair.Client, "10.91.1.10", 9023, ("10.91.2.2", 9022)),
        ];
        using var follows = Conversation.Tcp("snat to a virtual address", pair.Client, pair.Server, "10.91.2.10", 9002);
        bound.ForEach(each => each.Exchange());
        follows.Exchange();

        var tally = await TallyAsync(pair.LoopA);
        Assert.Equal((5, 1), (tally.Classes().Bound, tally.Classes().Follow));
        Assert.Equal(
            [(SessionCauseWord.TranslatedSource, 4L, 4L), (SessionCauseWord.TranslatedDestination, 1L, 1L)],
            tally
                .Causes("gw1")
                .Where(cause => cause.Class == SessionClassWord.Bound)
                .Select(cause => (cause.Cause, cause.Count, cause.Breaking))
        );
        var samples = await pair.LoopA.BreakingAsync(10);
        Assert.Equal(5, samples.Count);
        Assert.Contains(samples, each =>
            each.Record.Key.V6 && SessionTuple.Address(each.Record.Reply.Destination, v6: true).Equals(IPAddress.Parse("fd91:2::2"))
        );
        var own = await pair.LoopA.OwnAddressesAsync([
            new PortSettings(
                "wan0",
                [new AddressPrefix(IPAddress.Parse("10.91.2.1"), 24), new AddressPrefix(IPAddress.Parse("fd91:2::1"), 64)],
                true
            ),
        ]);
        var sources = samples.Where(each => each.Verdict.Cause == SessionCause.SourceAddress).Select(each => each.Record).ToArray();
        var remedy = SessionRemedy.For(
            SessionCause.SourceAddress,
            sources,
            own,
            [new ManagedText("/etc/nftables.conf", "\noifname \"wan0\" masquerade\n")]
        );
        Assert.Contains(
            "write \"snat ip to 10.91.2.1\" instead of \"masquerade\" (/etc/nftables.conf:2)",
            remedy,
            StringComparison.Ordinal
        );
        Assert.Contains(
            "write \"snat ip6 to fd91:2::1\" instead of \"masquerade\" (/etc/nftables.conf:2)",
            remedy,
            StringComparison.Ordinal
        );

        // The standby has none of them, and a reading of the table counts the same.
        Assert.Equal(0, (await TallyAsync(pair.LoopB)).Of(SessionClass.Bound));
        Assert.Equal(5, (await pair.LoopA.SurveyAsync(_ => false)).Tally.Of(SessionClass.Bound));
        bound.ForEach(each => each.Dispose());
        GatewayPair.Shell($"ip netns exec {pair.A} conntrack -D -p udp --orig-port-dst 9010");
        tally = await TallyAsync(pair.LoopA);
        Assert.Equal(
            (4, 0),
            (tally.Classes().Bound, tally.Causes("gw1").Where(cause => cause.Class == SessionClassWord.Bound).Sum(cause => cause.Breaking))
        );
    }

    [Fact]
    public async Task What_the_operator_excludes_and_what_is_the_units_own_is_counted_apart()
    {
        using var pair = new GatewayPair(exclude: "tcp dport 9030");
        pair.Follow();
        using var excluded = Conversation.Tcp("excluded", pair.Client, pair.Server, "10.91.2.10", 9030);
        using var own = Conversation.Tcp("to the unit", pair.Client, pair.A, "10.91.1.2", 9031);
        using var shared = Conversation.Tcp("to the virtual address", pair.Client, pair.A, "10.91.1.1", 9032);
        var causes = (await TallyAsync(pair.LoopA)).Causes("gw1");
        Assert.Equal((1L, 1L), Of(SessionCauseWord.ExcludedRule));
        Assert.Equal((1L, 1L), Of(SessionCauseWord.VirtualAddress));
        Assert.InRange(Of(SessionCauseWord.OwnAddress).Count, 1, 20);
        Assert.Equal(0, Of(SessionCauseWord.OwnAddress).Breaking);

        (long Count, long Breaking) Of(SessionCauseWord id) =>
            causes.Where(cause => cause.Cause == id).Select(cause => (cause.Count, cause.Breaking)).Single();
    }

    // The generic tracker knows no ports; what it tracks follows all the same.
    [Theory]
    [InlineData(50)]
    [InlineData(51)]
    [InlineData(4)]
    public async Task A_tunnel_that_passes_through_follows(byte protocol)
    {
        using var pair = new GatewayPair();
        pair.Follow();
        using var near = new RawHost(pair.Client, "10.91.1.10", protocol);
        using var far = new RawHost(pair.Server, "10.91.2.10", protocol);
        near.Send(IPAddress.Parse("10.91.2.10"), [0, 0, 0, 7, 0, 0, 0, 1, 1, 2, 3, 4]);
        far.Receive(out _);
        far.Send(IPAddress.Parse("10.91.1.10"), [0, 0, 0, 8, 0, 0, 0, 1, 1, 2, 3, 4]);
        near.Receive(out _);
        Assert.Equal(1, (await TallyAsync(pair.LoopA)).Of(SessionClass.Follow));
        pair.AssertEqualSoon(TimeSpan.FromSeconds(10));
        pair.TakeOver(powerOff: false);
        Assert.Equal(protocol, Assert.Single(GatewayPair.Sessions(pair.B)).Key.Protocol);
        near.Send(IPAddress.Parse("10.91.2.10"), [0, 0, 0, 7, 0, 0, 0, 2, 1, 2, 3, 4]);
        far.Receive(out _);
        far.Send(IPAddress.Parse("10.91.1.10"), [0, 0, 0, 8, 0, 0, 0, 2, 1, 2, 3, 4]);
        near.Receive(out _);
    }

    [Fact]
    public async Task An_own_address_that_comes_later_is_known_when_it_is_asked()
    {
        using var pair = new GatewayPair();
        GatewayPair.Shell(
            $"ip -n {pair.A} addr del 10.91.2.2/24 dev wan0; ip -n {pair.A} addr del 10.91.2.1/24 dev wan0; ip -n {pair.A} addr add "
                + $"10.91.2.77/24 dev wan0; ip -n {pair.A} addr add 10.91.2.1/24 dev wan0"
        );
        pair.Follow();
        using var bound = Conversation.Tcp("masquerade", pair.Client, pair.Server, "10.91.2.10", 9010);
        bound.Exchange();
        Assert.Equal(1, (await TallyAsync(pair.LoopA)).Of(SessionClass.Bound));
    }

    [Fact]
    public async Task Units_with_hundreds_of_own_addresses_agree_on_what_is_replicated()
    {
        using var pair = new GatewayPair();
        GatewayPair.Shell($"for i in $(seq 1 200); do ip -n {pair.A} addr add 10.91.77.$i/32 dev lo; done");
        pair.Follow();
        ReplicationTests.Change(pair.B, table => table.Put(Session("10.91.77.199")));
        Assert.Equal((await pair.LoopA.DigestsAsync()).ToBytes(), (await SettledAsync(pair)).ToBytes());
        var causes = (await TallyAsync(pair.LoopB)).Causes("gw2");
        Assert.Contains(causes, (SessionCauseCount cause) => cause.Cause == SessionCauseWord.OwnAddress);
        Assert.DoesNotContain(GatewayPair.Sessions(pair.A), each =>
            SessionTuple.Address(each.Key.Original.Destination, v6: false).ToString() == "10.91.77.199"
        );
    }

    // Units tell their addresses every ten seconds, and at once to who has just started.
    [Theory]
    [InlineData("10.91.1.2")]
    [InlineData("10.91.77.150")]
    public async Task Who_has_just_started_is_told_the_others_addresses_at_once(string address)
    {
        using var pair = new GatewayPair();
        GatewayPair.Shell($"for i in $(seq 1 150); do ip -n {pair.A} addr add 10.91.77.$i/32 dev lo; done");
        pair.Follow();
        await pair.LoopA.DigestsAsync();
        await Task.Delay(1000, TestContext.Current.CancellationToken);
        pair.RestartB();
        ReplicationTests.Change(pair.B, table => table.Put(Session(address)));
        Assert.Equal(0, (await SettledAsync(pair, looksMax: 80)).Sessions);
    }

    // The addresses of A come with a datagram of their own.
    private static async Task<SessionDigests> SettledAsync(GatewayPair pair, int looksMax = 200)
    {
        var digests = await pair.LoopB.DigestsAsync();
        for (var looks = 0; looks < looksMax && digests.Sessions > 0; looks++)
        {
            await Task.Delay(50, TestContext.Current.CancellationToken);
            digests = await pair.LoopB.DigestsAsync();
        }

        return digests;
    }

    private static SessionRecord Session(string destination)
    {
        var original = new SessionTuple(
            SessionTuple.Number(IPAddress.Parse("10.91.1.10")),
            SessionTuple.Number(IPAddress.Parse(destination)),
            5,
            80
        );
        return new SessionRecord(
            new SessionKey(false, Protocols.Tcp, 0, original),
            original.Inverted(Protocols.Tcp),
            SessionStatus.Confirmed | SessionStatus.SeenReply | SessionStatus.Assured,
            600,
            0,
            new TcpProgress(TcpState.Established, 0, 0, 0, 0)
        );
    }

    // Whatever the kernel has told is in the ledger, and a filter that has changed has been read with.
    private static async Task<SessionTally> TallyAsync(SessionLoop loop)
    {
        await loop.DigestsAsync();
        return await loop.TallyAsync() ?? throw new InvalidOperationException("the ledger does not know all");
    }
}
