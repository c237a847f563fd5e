using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Hitless.Core.Sessions;
using Hitless.Core.Wire;
using Hitless.Daemon.Sessions;
using Hitless.Linux.Conntrack;
using Hitless.Linux.Namespaces;
using Xunit;

namespace Hitless.Daemon.Tests.Sessions;

public sealed class ReplicationTests
{
    [Fact]
    public async Task A_unit_that_joins_gets_twenty_thousand_sessions_and_loses_its_stale_ones()
    {
        using var pair = new GatewayPair();
        Change(pair.A, table => Enumerable.Range(0, 20_000).ToList().ForEach(i => table.Put(Session(i))));
        Change(pair.B, table => Enumerable.Range(30_000, 500).ToList().ForEach(i => table.Put(Session(i))));
        pair.Follow();
        Assert.Equal(20_000, GatewayPair.Sessions(pair.B).Count);
        Assert.Equal(GatewayPair.Essence(pair.A), GatewayPair.Essence(pair.B));
        Assert.Equal(0, (await pair.LoopB.StatusAsync()).ApplyErrors);
        Assert.InRange((await pair.LoopB.CountAsync()).Total, 20_000, 20_003);

        pair.RestartB();
        Change(pair.A, table => table.Delete(Session(5).Key));
        pair.LoopB.SetRole(false, GatewayPair.UnitA);
        pair.NoticeOfB(SessionNoticeKind.Synced);
        pair.AssertEqualSoon(TimeSpan.FromSeconds(5));
        Assert.Equal(0, (await pair.LoopB.StatusAsync()).ApplyErrors);
    }

    [Fact]
    public async Task A_former_sender_is_told_only_what_differs()
    {
        using var pair = new GatewayPair();
        Change(pair.A, table => Enumerable.Range(0, 5000).ToList().ForEach(i => table.Put(Session(i))));
        pair.Follow();
        pair.HandOver();
        pair.LoopB.SetRole(true, null);
        Change(pair.B, table =>
        {
            table.Delete(Session(1).Key);
            table.Put(Session(3, TcpState.TimeWait));
            table.Put(Session(5000));
        });
        Change(pair.A, table => table.Put(Session(6000)));
        var before = await pair.LoopB.StatusAsync();
        pair.LoopA.SetRole(false, GatewayPair.UnitB);
        pair.NoticeOfA(SessionNoticeKind.Synced);
        Assert.Equal(GatewayPair.Essence(pair.B), GatewayPair.Essence(pair.A));
        Assert.InRange((await pair.LoopB.StatusAsync()).EventsSent - before.EventsSent, 1, 100);
        Assert.Equal(0, (await pair.LoopA.StatusAsync()).ApplyErrors);
    }

    [Fact]
    public void Sessions_take_the_session_link_and_the_heartbeat_link_when_it_fails()
    {
        using var pair = new GatewayPair(sessionLink: true);
        foreach (var unit in (string[])[pair.A, pair.B])
            GatewayPair.Shell(
                $$"""
                ip netns exec {{unit}} nft 'add table inet loss; add chain inet loss in { type filter hook input priority 0; }
                add rule inet loss in iifname "hb0" udp dport 8418 drop'
                """
            );
        Change(pair.A, table => Enumerable.Range(0, 2000).ToList().ForEach(i => table.Put(Session(i))));
        pair.Follow();
        Assert.Equal(2000, GatewayPair.Sessions(pair.B).Count);
        foreach (var unit in (string[])[pair.A, pair.B])
            GatewayPair.Shell($"ip netns exec {unit} nft delete table inet loss; ip -n {unit} link set ss0 down");
        Change(pair.A, table => Enumerable.Range(2000, 2000).ToList().ForEach(i => table.Put(Session(i))));
        pair.AssertEqualSoon(TimeSpan.FromSeconds(5));
    }

    [Fact]
    public async Task A_fifth_lost_on_the_link_and_then_none_ends_in_equal_tables()
    {
        using var pair = new GatewayPair();
        pair.Follow();
        foreach (var unit in (string[])[pair.A, pair.B])
            GatewayPair.Shell(
                $$"""
                ip netns exec {{unit}} nft 'add table inet loss; add chain inet loss in { type filter hook input priority 0; }
                add rule inet loss in udp dport 8418 numgen random mod 100 < 20 drop'
                """
            );
        var random = new Random(1);
        Change(pair.A, table =>
        {
            for (var i = 0; i < 30_000; i++)
            {
                var number = random.Next(5000);
                if (random.Next(3) == 0)
                    table.Delete(Session(number).Key);
                else
                    table.Put(Session(number, random.Next(4) == 0 ? TcpState.FinWait : TcpState.Established));
                if (i % 20 == 0)
                    table.Flush();
            }
        });
        pair.AssertEqualSoon(TimeSpan.FromSeconds(10));
        foreach (var unit in (string[])[pair.A, pair.B])
            GatewayPair.Shell($"ip netns exec {unit} nft delete table inet loss");
        Change(pair.A, table => table.Put(Session(9000)));
        pair.AssertEqualSoon(TimeSpan.FromSeconds(5));
        Assert.True((await pair.LoopA.StatusAsync()).Retransmitted > 0);
        Assert.Equal(0, (await pair.LoopB.StatusAsync()).ApplyErrors);
    }

    [Fact]
    public async Task Tampered_replayed_and_foreign_datagrams_are_counted_and_never_applied()
    {
        using var pair = new GatewayPair();
        pair.Follow();
        var before = await pair.LoopB.StatusAsync();
        using var sealer = new DatagramSealer(
            new ClusterKey(GatewayPair.Secret),
            DatagramKind.Session,
            WireVersion.Minor,
            7,
            GatewayPair.UnitA,
            new(555)
        );
        using var foreign = new DatagramSealer(
            new ClusterKey(new byte[32]),
            DatagramKind.Session,
            WireVersion.Minor,
            7,
            GatewayPair.UnitA,
            new(777)
        );
        var frame = new SessionFrameWriter(SessionPayload.SizeMax, SessionPayload.FrameHeaderSize);
        frame.TryAdd(Session(1));
        var header = new byte[] { (byte)SessionMessage.Frame, 1, 0, 0, 0, 0, 0, 0, 0, 9 };
        header.CopyTo(frame.Header);
        using var socket = NetworkNamespace.Run(pair.A, () => new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp));
        var target = new IPEndPoint(IPAddress.Parse("10.91.9.2"), 8418);
        var bytes = new byte[1500];
        for (var i = 0; i < 100; i++)
        {
            var length = foreign.Seal(frame.Bytes, bytes);
            socket.SendTo(bytes.AsSpan(0, length), SocketFlags.None, target);
            length = sealer.Seal(frame.Bytes, bytes);
            bytes[length - 20] ^= 1;
            socket.SendTo(bytes.AsSpan(0, length), SocketFlags.None, target);
            bytes[length - 20] ^= 1;
            socket.SendTo(bytes.AsSpan(0, length), SocketFlags.None, target);
            socket.SendTo(bytes.AsSpan(0, length), SocketFlags.None, target);
        }

        while (await pair.LoopB.CountOfAsync(DatagramVerdict.Replayed) < 100)
            await Task.Yield();
        Assert.Equal(
            200,
            await pair.LoopB.CountOfAsync(DatagramVerdict.BadTag) + await pair.LoopB.CountOfAsync(DatagramVerdict.TooManyUnknown)
        );
        Assert.Equal(100, await pair.LoopB.CountOfAsync(DatagramVerdict.Replayed));
        var after = await pair.LoopB.StatusAsync();
        Assert.Equal(before.EventsApplied, after.EventsApplied);
        Assert.Equal(before.DatagramsRefused + 300, after.DatagramsRefused);
        Assert.Empty(GatewayPair.Sessions(pair.B));
    }

    [Fact]
    public async Task The_difference_names_exactly_what_differs()
    {
        using var pair = new GatewayPair();
        Change(pair.A, table => Enumerable.Range(0, 2000).ToList().ForEach(i => table.Put(Session(i))));
        pair.Follow();
        var (none, _) = await CompareAsync(pair);
        Assert.Empty(none.Entries);

        Change(pair.B, table =>
        {
            table.Delete(Session(1).Key);
            table.Delete(Session(2).Key);
            table.Put(Session(3, TcpState.TimeWait));
            table.Put(Session(5000));
            var (natted, other) = (Session(4), Session(4));
            table.Delete(natted.Key);
            table.Flush();
            table.Put(other with { Reply = other.Reply with { DestinationPort = 33 } });
        });
        var (found, buckets) = await CompareAsync(pair);
        Assert.InRange(buckets, 1, 5);
        Assert.Equal((2, 1, 2), (found.Missing, found.Extra, found.Different));
        Assert.Equal(
            ["extra not-needed", "missing breaks", "missing breaks", "nat breaks", "state survives"],
            found.Entries.Select(entry => $"{entry.Cause} {entry.Fate}").Order(StringComparer.Ordinal)
        );
    }

    [Fact]
    public async Task What_has_drifted_is_found_repaired_and_counted()
    {
        using var pair = new GatewayPair();
        Change(pair.A, table => Enumerable.Range(0, 2000).ToList().ForEach(i => table.Put(Session(i))));
        pair.Follow();
        var cancel = TestContext.Current.CancellationToken;
        var audit = new SessionAudit(pair.LoopA);
        Assert.Equal(0, await Audit());
        Change(pair.B, table =>
        {
            table.Delete(Session(1).Key);
            table.Put(Session(3, TcpState.TimeWait));
            table.Put(Session(5000));
            table.Delete(Session(4).Key);
            table.Flush();
            table.Put(Session(4) with { Reply = Session(4).Reply with { DestinationPort = 33 } });
        });
        Assert.Equal(4, await Audit());
        pair.AssertEqualSoon(TimeSpan.FromSeconds(5));
        Assert.Equal(0, await Audit());
        var status = await pair.LoopA.StatusAsync();
        Assert.Equal((3, 4), (status.Audits, status.Drift));
        Assert.Equal(0, (await pair.LoopB.StatusAsync()).ApplyErrors);

        Task<int> Audit() =>
            audit.RunAsync(
                async () => await pair.LoopB.DigestsAsync(),
                (buckets, wanted) => pair.LoopB.EntriesAsync(buckets, wanted),
                cancel
            );
    }

    [Fact]
    public async Task Excluded_sessions_stay_where_they_are()
    {
        using var pair = new GatewayPair(exclude: "ip saddr 172.16.0.1 tcp dport 443");
        pair.Follow();
        // The first 20,000 are from 172.16.0.1, the others are not.
        Change(pair.A, table => Enumerable.Range(19_950, 100).ToList().ForEach(i => table.Put(Session(i))));
        pair.HandOver();
        Assert.Equal((100, 50), (GatewayPair.Sessions(pair.A).Count, GatewayPair.Sessions(pair.B).Count));
        var (found, buckets) = await CompareAsync(pair);
        Assert.Equal((0, 0L, 0L), (buckets, found.Missing, found.Extra));
        pair.LoopB.SetRole(false, null);
        pair.LoopB.SetRole(false, GatewayPair.UnitA);
        pair.NoticeOfB(SessionNoticeKind.Synced);
        Assert.Equal(50, GatewayPair.Sessions(pair.B).Count);
    }

    [Fact]
    public async Task The_ledgers_know_the_tables_without_reading_them_whatever_happens()
    {
        using var pair = new GatewayPair();
        Change(pair.A, table => Enumerable.Range(0, 5000).ToList().ForEach(i => table.Put(Session(i))));
        pair.Follow();
        var (readA, readB) = (await ReadingsAsync(pair.LoopA), await ReadingsAsync(pair.LoopB));
        var random = new Random(11);
        for (var round = 0; round < 20; round++)
        {
            // New, changed, ended by others, and soon by themselves; and what a standby should not see: changes of its own table.
            Change(pair.A, table => Alter(table, 6000));
            Change(pair.B, table => Alter(table, 300));
            await AssertKnownAsync(pair.LoopA, pair.A);
            await AssertKnownAsync(pair.LoopB, pair.B);
        }

        await AssertUnreadAsync(pair.LoopA, readA);
        await AssertUnreadAsync(pair.LoopB, readB);
        pair.HandOver();
        pair.LoopB.SetRole(true, null);
        pair.LoopA.SetRole(false, GatewayPair.UnitB);
        pair.NoticeOfA(SessionNoticeKind.Synced);
        Change(pair.B, table => Alter(table, 6000));
        await AssertKnownAsync(pair.LoopA, pair.A);
        await AssertKnownAsync(pair.LoopB, pair.B);
        // A frees the windows of its own entries: that takes a reading, but nobody waited for it.
        pair.NoticeOfA(SessionNoticeKind.WindowsFree);
        await AssertUnreadAsync(pair.LoopA, readA + 1);
        await AssertUnreadAsync(pair.LoopB, readB);

        void Alter(ConntrackTable table, int among)
        {
            for (var i = 0; i < 200; i++)
            {
                var session = Session(random.Next(among));
                if (random.Next(3) == 0)
                    table.Delete(session.Key);
                else
                    table.Put(
                        session with
                        {
                            Tcp = session.Tcp with { State = (TcpState)random.Next(3, 8) },
                            TimeoutSeconds = random.Next(10) == 0 ? 1u : 300,
                            Mark = (uint)random.Next(2),
                        }
                    );
            }
        }

        static async Task<long> ReadingsAsync(SessionLoop loop) => (await loop.StatusAsync()).Readings;

        // On a busy machine the kernel's events may overrun, or it may refuse what it was told while somebody else changed the same; and
        // when this takes more than ten seconds, a unit hears the
        // other's own addresses in between, which changes what is replicated once. Each is a reason to read a table again, and nothing else
        // is: not one of the twenty rounds.
        static async Task AssertUnreadAsync(SessionLoop loop, long before)
        {
            var status = await loop.StatusAsync();
            Assert.True(
                status.Readings >= before && status.Readings <= before + status.Overruns + status.ApplyErrors + 1,
                $"{before} readings before; {status}"
            );
        }
    }

    [Fact]
    public async Task Entries_are_the_same_whether_the_ledger_names_them_or_the_table_is_read()
    {
        using var pair = new GatewayPair();
        Change(pair.A, table => Enumerable.Range(0, 500).ToList().ForEach(i => table.Put(Session(i))));
        HashSet<int> wanted =
        [
            .. Enumerable.Range(0, 100).Select(i => SessionDigests.BucketOf(Session(i).Key, SessionDigests.BucketsDefault)),
        ];
        var read = (await pair.LoopA.AllAsync())
            .Select(each => each.Key)
            .Where(key => wanted.Contains(SessionDigests.BucketOf(key, SessionDigests.BucketsDefault)))
            .ToHashSet();
        await pair.LoopA.DigestsAsync();
        Change(pair.A, table => table.Delete(Session(3).Key));
        var named = await pair.LoopA.EntriesAsync(SessionDigests.BucketsDefault, wanted);
        Assert.InRange(named.Count, 99, 499);
        Assert.Equal([Session(3).Key], read.Except(named.Select(each => each.Key)));
        Assert.Equal(read.Count - 1, named.Count);
    }

    [Fact]
    public void Only_sessions_older_than_the_delay_are_told_until_a_switch_is_planned()
    {
        using var pair = new GatewayPair(delay: TimeSpan.FromSeconds(60));
        pair.Follow();
        Change(pair.A, table => Enumerable.Range(0, 100).ToList().ForEach(i => table.Put(Session(i))));
        Change(pair.A, table => Enumerable.Range(0, 10).ToList().ForEach(i => table.Delete(Session(i).Key)));
        Assert.Empty(GatewayPair.Sessions(pair.B));
        pair.HandOver();
        Assert.Equal(90, GatewayPair.Sessions(pair.B).Count);
    }

    // The tables change while they are read: what the other unit does arrives, and what has run out ends.
    private static async Task AssertKnownAsync(SessionLoop loop, string unit)
    {
        var clock = Stopwatch.StartNew();
        while (true)
        {
            var actual = new SessionDigests();
            foreach (var record in GatewayPair.Sessions(unit))
                actual.Add(record);
            var unequal = (await loop.DigestsAsync()).UnequalTo(actual);
            if (unequal.Count == 0)
                return;
            Assert.True(clock.Elapsed < TimeSpan.FromSeconds(5), $"{unequal.Count} buckets differ from the table of {unit}");
        }
    }

    private static async Task<(Hitless.Core.Api.SessionDifference Found, int Buckets)> CompareAsync(GatewayPair pair)
    {
        var ours = await pair.LoopA.DigestsAsync();
        Assert.True(SessionDigests.TryParse((await pair.LoopB.DigestsAsync()).ToBytes(), out var theirs));
        var unequal = ours.UnequalTo(theirs);
        var entriesA = await pair.LoopA.EntriesAsync(ours.Buckets, unequal);
        Assert.True(
            SessionRecords.TryParse(SessionRecords.ToBytes([.. await pair.LoopB.EntriesAsync(ours.Buckets, unequal)]), out var entriesB)
        );
        return (SessionDiffer.Compare("gw1", "gw2", entriesA, entriesB, ours.Sessions, 0), unequal.Count);
    }

    internal static void Change(string unit, Action<ConntrackTable> change) => NetworkNamespace.Run(unit, () =>
        {
            using var table = new ConntrackTable();
            change(table);
            table.Flush();
            Assert.Equal((0, 0), (table.Errors, table.LastError));
        });

    // Half of them behind source translation.
    internal static SessionRecord Session(int number, TcpState state = TcpState.Established)
    {
        var original = new SessionTuple(
            Address("172.16.0.1") + (UInt128)(number / 20_000),
            Address("192.0.2.1"),
            (ushort)(number % 20_000 + 2000),
            443
        );
        var reply = original.Inverted(Protocols.Tcp);
        return new SessionRecord(
            new SessionKey(false, Protocols.Tcp, 0, original),
            number % 2 == 0 ? reply with { Destination = Address("10.91.2.1"), DestinationPort = (ushort)(number + 2000) } : reply,
            SessionStatus.Confirmed | SessionStatus.SeenReply | SessionStatus.Assured,
            1000,
            0,
            new TcpProgress(state, 3, 3, 7, 7)
        );
    }

    private static UInt128 Address(string text) => SessionTuple.Number(IPAddress.Parse(text));
}
