using System.Net;
using Hitless.Core.Api;
using Hitless.Core.Sessions;
using Hitless.Core.Tests.Memory;
using Xunit;

namespace Hitless.Core.Tests.Sessions;

/// <summary>
/// 10.0.1.2, 10.0.2.2, 198.51.100.7 (an interface without virtual addresses), fd00:2::2 are a unit's own; 10.0.1.1, 10.0.2.1, fd00:2::1 are
/// virtual.
/// </summary>
public sealed class SessionClassTests
{
    private static readonly IPAddress[] Own =
    [
        .. ((string[])["10.0.1.2", "10.0.2.2", "198.51.100.7", "fd00:2::2"]).Select(IPAddress.Parse),
    ];
    private static readonly IPAddress[] Shared = [.. ((string[])["10.0.1.1", "10.0.2.1", "fd00:2::1"]).Select(IPAddress.Parse)];

    // Source and destination as they were sent, then those of the answers.
    [Theory]
    [InlineData("10.0.1.50", "203.0.113.9", "203.0.113.9", "10.0.1.50", SessionCause.None)]
    [InlineData("10.0.1.50", "203.0.113.9", "203.0.113.9", "10.0.2.1", SessionCause.None)]
    [InlineData("10.0.1.50", "203.0.113.9", "203.0.113.9", "192.0.2.77", SessionCause.None)]
    [InlineData("203.0.113.9", "10.0.2.1", "10.0.1.50", "203.0.113.9", SessionCause.None)]
    [InlineData("10.0.1.50", "203.0.113.9", "203.0.113.9", "10.0.2.2", SessionCause.SourceAddress)]
    [InlineData("10.0.1.50", "203.0.113.9", "203.0.113.9", "198.51.100.7", SessionCause.SourceAddress)]
    [InlineData("fd00:1::50", "2001:db8::9", "2001:db8::9", "fd00:2::2", SessionCause.SourceAddress)]
    [InlineData("fd00:1::50", "2001:db8::9", "2001:db8::9", "fd00:2::1", SessionCause.None)]
    [InlineData("10.0.1.50", "10.0.2.1", "10.0.1.60", "10.0.1.2", SessionCause.SourceAddress)]
    [InlineData("203.0.113.9", "10.0.2.2", "10.0.1.50", "203.0.113.9", SessionCause.DestinationAddress)]
    [InlineData("2001:db8::9", "fd00:2::2", "fd00:1::50", "2001:db8::9", SessionCause.DestinationAddress)]
    [InlineData("10.0.1.50", "203.0.113.9", "10.0.1.2", "10.0.1.50", SessionCause.Redirected)]
    [InlineData("10.0.1.50", "203.0.113.9", "10.0.1.1", "10.0.1.50", SessionCause.Redirected)]
    [InlineData("10.0.1.50", "203.0.113.9", "127.0.0.1", "10.0.1.50", SessionCause.Redirected)]
    [InlineData("10.0.1.50", "10.0.1.2", "10.0.1.2", "10.0.1.50", SessionCause.OwnAddress)]
    [InlineData("10.0.1.2", "10.0.1.50", "10.0.1.50", "10.0.1.2", SessionCause.OwnAddress)]
    [InlineData("10.0.1.2", "203.0.113.9", "203.0.113.9", "10.0.2.1", SessionCause.OwnAddress)]
    [InlineData("10.0.1.50", "10.0.1.1", "10.0.1.1", "10.0.1.50", SessionCause.VirtualAddress)]
    [InlineData("10.0.2.1", "203.0.113.9", "203.0.113.9", "10.0.2.1", SessionCause.VirtualAddress)]
    [InlineData("10.0.1.50", "10.0.1.1", "127.0.0.1", "10.0.1.50", SessionCause.VirtualAddress)]
    [InlineData("127.0.0.1", "127.0.0.1", "127.0.0.1", "127.0.0.1", SessionCause.OwnAddress)]
    [InlineData("10.0.1.50", "224.0.0.251", "224.0.0.251", "10.0.1.50", SessionCause.Scope)]
    [InlineData("fe80::1", "ff02::fb", "ff02::fb", "fe80::1", SessionCause.Scope)]
    [InlineData("10.9.9.2", "10.9.9.1", "10.9.9.1", "10.9.9.2", SessionCause.OwnAddress)]
    public void Every_session_has_one_cause(string source, string destination, string answering, string answered, SessionCause cause)
    {
        foreach (var protocol in (byte[])[Protocols.Tcp, Protocols.Udp, Protocols.Sctp, Protocols.Gre, 50])
        {
            var verdict = Filter().Classify(Session(protocol, source, destination, answering, answered));
            Assert.Equal(cause, verdict.Cause);
            Assert.Equal(SessionCauses.ClassOf(cause), verdict.Class);
            Assert.Equal(
                cause is SessionCause.None or SessionCause.VirtualAddress,
                Filter().Replicates(Session(protocol, source, destination, answering, answered))
            );
        }
    }

    [Theory]
    [InlineData("10.0.2.2", true)]
    [InlineData("127.0.0.1", false)]
    [InlineData("169.254.3.4", false)]
    [InlineData("fe80::7", false)]
    [InlineData("::1", false)]
    [InlineData("2001:db8::7", true)]
    public void Addresses_that_every_unit_has_are_not_exchanged(string address, bool matters) =>
        Assert.Equal(matters, SessionFilter.Matters(IPAddress.Parse(address)));

    [Fact]
    public void What_the_operator_has_excluded_is_excluded_even_where_it_is_bound()
    {
        var bound = Session(Protocols.Udp, "10.0.1.50", "203.0.113.9", "203.0.113.9", "10.0.2.2");
        Assert.Equal(SessionCause.ExcludedByRule, Filter(exclude: "udp").Classify(bound).Cause);
        Assert.Equal(SessionCause.SourceAddress, Filter(exclude: "tcp").Classify(bound).Cause);
        var settings = new SessionSettings(Tcp: true, Connectionless: false, Expectations: true, Nat: true, TimeSpan.Zero, []);
        Assert.Equal(SessionCause.ExcludedByPickup, new SessionFilter(settings, Own, [], Shared).Classify(bound).Cause);
        Assert.Equal(
            SessionCause.ExcludedByPickup,
            new SessionFilter(settings with { Connectionless = true, Nat = false }, Own, [], Shared).Classify(bound).Cause
        );
        // What is a unit's own is nobody's to exclude.
        Assert.Equal(
            SessionCause.OwnAddress,
            Filter(exclude: "udp").Classify(Session(Protocols.Udp, "10.0.1.50", "10.0.1.2", "10.0.1.2", "10.0.1.50")).Cause
        );
    }

    [Fact]
    public void What_a_program_on_the_unit_ends_in_another_hosts_name_is_bound_in_whatever_zone()
    {
        var filter = Filter(critical: "tcp");
        var held = Session(Protocols.Tcp, "10.0.1.50", "203.0.113.9", "203.0.113.9", "10.0.1.50");
        var other = Session(Protocols.Tcp, "10.0.1.50", "203.0.113.9", "203.0.113.9", "10.0.1.50", port: 4001);
        Assert.Equal(SessionCause.None, filter.Classify(held).Cause);

        filter.Intercepted = new HashSet<SessionKey> { held.Key };

        Assert.Equal(new SessionVerdict(SessionCause.Redirected, true, true), filter.Classify(held));
        Assert.Equal(SessionCause.Redirected, filter.Classify(held with { Key = held.Key with { Zone = 9 } }).Cause);
        Assert.Equal(SessionCause.None, filter.Classify(other).Cause);
        Assert.False(filter.Replicates(held));
    }

    [Fact]
    public void What_has_nothing_to_lose_does_not_break_and_critical_is_only_what_breaks()
    {
        SessionRecord Masqueraded(byte protocol, TcpState state = TcpState.None) =>
            Session(protocol, "10.0.1.50", "203.0.113.9", "203.0.113.9", "10.0.2.2") with
            {
                Tcp = new TcpProgress(state, 0, 0, 0, 0),
            };
        var filter = Filter(critical: "ip daddr 203.0.113.9");
        Assert.Equal((true, true), Parts(filter.Classify(Masqueraded(Protocols.Tcp, TcpState.Established))));
        Assert.Equal((false, false), Parts(filter.Classify(Masqueraded(Protocols.Tcp, TcpState.TimeWait))));
        Assert.Equal((false, false), Parts(filter.Classify(Masqueraded(Protocols.Icmp))));
        Assert.Equal((true, true), Parts(filter.Classify(Masqueraded(Protocols.Udp))));
        Assert.Equal((true, false), Parts(Filter().Classify(Masqueraded(Protocols.Udp))));
        Assert.Equal((true, true), Parts(Filter(critical: "udp", exclude: "udp").Classify(Masqueraded(Protocols.Udp))));
        // An untranslated datagram makes a new entry wherever it comes by.
        var straight = Session(Protocols.Udp, "10.0.1.50", "203.0.113.9", "203.0.113.9", "10.0.1.50");
        Assert.Equal((false, false), Parts(Filter(critical: "udp", exclude: "udp").Classify(straight)));
        static (bool, bool) Parts(SessionVerdict verdict) => (verdict.Breaks, verdict.Critical);
    }

    [Fact]
    public void Classes_are_counted_as_sessions_come_change_and_go_and_through_readings()
    {
        var random = new Random(11);
        var ledger = new SessionLedger(3);
        var table = new Dictionary<SessionKey, (SessionRecord Record, SessionVerdict Verdict)>();
        for (var step = 0; step < 20_000; step++)
        {
            var sample = random.Next(2) == 0 ? SessionSamples.Tcp(random.Next(500)) : SessionSamples.NatV6(random.Next(500));
            var verdict = new SessionVerdict((SessionCause)random.Next(9), random.Next(2) == 0, random.Next(2) == 0);
            if (random.Next(3) == 0)
            {
                ledger.Remove(sample.Key);
                table.Remove(sample.Key);
            }
            else
            {
                ledger.Put(sample, verdict: verdict);
                table[sample.Key] = (sample, verdict);
            }

            if (step % 1000 == 999)
                AssertCounts(ledger, table.Values);
        }

        // What nobody told: half is gone, and the rest has other verdicts.
        var left = table
            .Values.Where(each => each.Record.Key.Original.SourcePort % 2 == 0)
            .Select(each => (each.Record, Verdict: new SessionVerdict(SessionCause.SourceAddress, true, false)))
            .ToList();
        ledger.BeginReading();
        left.ForEach(each => ledger.OnRead(new SessionDigest(each.Record.Key, each.Record.Digest64(), Verdict: each.Verdict)));
        Assert.True(ledger.EndReading());
        AssertCounts(ledger, left);
        var keys = new SessionKey[10_000];
        Assert.Equal(left.Count, ledger.KeysOf(new SessionVerdict(SessionCause.SourceAddress, true, false), keys));
        Assert.Equal(left.Select(each => each.Record.Key).ToHashSet(), keys[..left.Count].ToHashSet());
        Assert.Equal(0, ledger.KeysOf(default, keys));
        Assert.False(ledger.TakeDue(int.MaxValue - 1, 1, 0, new SessionKey[1], out _));
        Assert.True(ledger.TakeDue(int.MaxValue - 1, 1, int.MaxValue, new SessionKey[1], out var due));
        Assert.Equal(0, due);
    }

    [Fact]
    public void An_event_without_a_state_does_not_change_what_a_session_has_to_lose()
    {
        var ledger = new SessionLedger();
        var filter = Filter();
        var closing = new TcpProgress(TcpState.TimeWait, 0, 0, 0, 0);
        var session = Session(Protocols.Tcp, "10.0.1.50", "203.0.113.9", "203.0.113.9", "10.0.2.2") with { Tcp = closing };
        ledger.Put(session, verdict: filter.Classify(session));
        var marked = session with { Tcp = default, Mark = 7 };
        ledger.Put(marked, verdict: filter.Classify(marked));
        var cause = Assert.Single(ledger.Tally().Causes("gw1"));
        Assert.Equal(
            (SessionCauseWord.TranslatedSource, SessionClassWord.Bound, 1L, 0L),
            (cause.Cause, cause.Class, cause.Count, cause.Breaking)
        );
    }

    [Fact]
    public void Counting_sessions_that_do_not_follow_leaves_no_garbage()
    {
        var (ledger, filter) = (new SessionLedger(), Filter(critical: "tcp dport 1-100"));
        SessionRecord[] records =
        [
            .. Enumerable
                .Range(0, 5000)
                .Select(i => Session(Protocols.Tcp, "10.0.1.50", "203.0.113.9", "203.0.113.9", "10.0.2.2", (ushort)i)),
        ];
        Allocation.AssertNone(Round);

        void Round()
        {
            foreach (ref readonly var record in records.AsSpan())
                ledger.Put(record, verdict: filter.Classify(record));
            foreach (ref readonly var record in records.AsSpan())
                ledger.Remove(record.Key);
        }
    }

    private static void AssertCounts(SessionLedger ledger, IReadOnlyCollection<(SessionRecord Record, SessionVerdict Verdict)> table)
    {
        var (tally, digests) = (new SessionTally(), new SessionDigests());
        foreach (var (record, verdict) in table)
        {
            tally.Add(verdict);
            if (verdict.IsReplicated)
                digests.Add(record);
        }

        Assert.Equal(tally.Classes(), ledger.Tally().Classes());
        Assert.Equal(tally.Causes("x"), ledger.Tally().Causes("x"));
        Assert.Equal(digests.ToBytes(), ledger.Digests().ToBytes());
        Assert.Equal(digests.Sessions, ledger.Count);
    }

    private static SessionFilter Filter(string? critical = null, string? exclude = null) =>
        new(
            new SessionSettings(true, true, true, true, TimeSpan.Zero, Expressions(critical)) { Exclude = Expressions(exclude) },
            Own,
            [IPAddress.Parse("10.9.9.1"), IPAddress.Parse("10.9.9.2")],
            Shared
        );

    private static SessionExpression[] Expressions(string? text) =>
        text is not null && SessionExpression.TryParse(text, out var read, out _) ? [read] : [];

    private static SessionRecord Session(
        byte protocol,
        string source,
        string destination,
        string answering,
        string answered,
        ushort port = 4000
    ) =>
        new(
            new SessionKey(
                source.Contains(':', StringComparison.Ordinal),
                protocol,
                0,
                new SessionTuple(SessionSamples.Number(source), SessionSamples.Number(destination), port, 80)
            ),
            new SessionTuple(SessionSamples.Number(answering), SessionSamples.Number(answered), 80, port),
            SessionStatus.Confirmed,
            300,
            0,
            protocol == Protocols.Tcp ? new TcpProgress(TcpState.Established, 0, 0, 0, 0) : default
        );
}
