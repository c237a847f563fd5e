using System.Net;
using Hitless.Core.Sessions;
using Hitless.Core.Tests.Memory;
using Hitless.Linux.Conntrack;
using Hitless.Linux.Namespaces;
using Hitless.Linux.Netlink;

namespace Hitless.Linux.Tests.Conntrack;

public sealed class ConntrackTableTests : IDisposable
{
    private static int count;
    private readonly string name = $"hs-table-{Environment.ProcessId}-{Interlocked.Increment(ref count)}";

    public ConntrackTableTests()
    {
        Assert.SkipUnless(Environment.UserName == "root", "needs root, for a network namespace");
        Shell.Run($"ip netns add {name} && ip netns exec {name} sh -c 'echo 1 > /proc/sys/net/netfilter/nf_conntrack_events'");
    }

    public void Dispose() => Shell.Run($"ip netns del {name}");

    public static TheoryData<string> Kinds => [.. Samples().Keys];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void What_is_put_is_what_the_kernel_holds(string kind) => NetworkNamespace.Run(name, () =>
        {
            var record = Samples()[kind];
            using var table = new ConntrackTable();
            table.Put(record);
            table.Flush();
            Assert.Equal((0, 0), (table.Errors, table.LastError));
            Assert.Equal(1, table.Count());
            var held = Assert.Single(Dump());
            Assert.Equal((record.Key, record.Reply, record.Mark, record.Tcp.State), (held.Key, held.Reply, held.Mark, held.Tcp.State));
            Assert.Equal(record.Status, held.Status & record.Status);
            Assert.Equal((record.Sctp, record.Helper, record.AdjustReply), (held.Sctp, held.Helper, held.AdjustReply));
            Assert.Equal(record.HasSourceNat, held.Status.HasFlag(SessionStatus.SourceNat));
            Assert.Equal(record.HasDestinationNat, held.Status.HasFlag(SessionStatus.DestinationNat));
            Assert.InRange(held.TimeoutSeconds, record.TimeoutSeconds - 2, record.TimeoutSeconds);
            Assert.Equal(record.Key.Protocol == Protocols.Tcp ? 8 : 0, held.Tcp.FlagsOriginal & 8);

            table.Put(record with { TimeoutSeconds = 77, Mark = 5 });
            table.Flush();
            Assert.Equal((0, 0), (table.Errors, table.LastError));
            held = Assert.Single(Dump());
            Assert.InRange(held.TimeoutSeconds, 75u, 77u);
            Assert.Equal(5u, held.Mark);

            table.Delete(record.Key);
            table.Delete(record.Key);
            table.Flush();
            Assert.Equal((0, 0), (table.Errors, table.LastError));
            Assert.Empty(Dump());
        });

    [Fact]
    public void A_session_that_ends_in_the_batch_that_began_it_leaves_nothing() => NetworkNamespace.Run(name, () =>
        {
            using var table = new ConntrackTable();
            var record = Samples()["tcp, source translated"];
            table.Put(record);
            table.Put(record with { Tcp = default });
            table.Delete(record.Key);
            table.Flush();
            Assert.Equal(0, table.Errors);
            Assert.Empty(Dump());
        });

    [Fact]
    public void All_of_a_new_sessions_words_in_one_batch_make_it_whole() => NetworkNamespace.Run(name, () =>
        {
            using var table = new ConntrackTable();
            var control = Samples()["tcp, source translated"] with
            {
                Helper = KernelName.From("ftp"),
                AdjustReply = new SequenceAdjustment(9, 1, -3),
            };
            var data = Samples()["tcp, destination translated"] with { Parent = new SessionParent(Protocols.Tcp, control.Key.Original) };
            foreach (var isNew in (bool[])[true, false])
            {
                foreach (var each in (SessionRecord[])[control, data])
                {
                    table.Put(
                        each with
                        {
                            IsNew = isNew,
                            Status = SessionStatus.Confirmed,
                            Tcp = new TcpProgress(TcpState.SynSent, 3, 0, 7, 0),
                        }
                    );
                    table.Put(
                        each with
                        {
                            Helper = default,
                            Parent = default,
                            Status = each.Status | (each == data ? SessionStatus.Expected : 0),
                        }
                    );
                    table.Put(
                        each with
                        {
                            Helper = default,
                            Parent = default,
                            Status = each.Status | (each == data ? SessionStatus.Expected : 0),
                            Mark = 77,
                        }
                    );
                }

                table.Flush();
                Assert.Equal((0, 0), (table.Errors, table.LastError));
                var held = Dump().ToDictionary(each => each.Key);
                Assert.Equal(
                    (control.Helper, control.AdjustReply, 77u, TcpState.Established),
                    (held[control.Key].Helper, held[control.Key].AdjustReply, held[control.Key].Mark, held[control.Key].Tcp.State)
                );
                Assert.Equal(
                    (data.Parent, 77u, TcpState.Established),
                    (held[data.Key].Parent, held[data.Key].Mark, held[data.Key].Tcp.State)
                );
                Assert.True(held[data.Key].Status.HasFlag(SessionStatus.Expected));
                table.Delete(control.Key);
                table.Delete(data.Key);
                table.Flush();
            }

            table.Put(data);
            table.Flush();
            Assert.Equal((0, default(SessionParent)), (table.Errors, Assert.Single(Dump()).Parent));
        });

    // A unit that joins makes most sessions; a live session's words come among them, and the last one counts.
    [Fact]
    public void The_last_of_many_words_about_a_session_stands() => NetworkNamespace.Run(name, () =>
        {
            using var table = new ConntrackTable();
            var joining = Samples()["udp, source translated"];
            var live = Samples()["tcp, source translated"];
            foreach (var stands in (bool[])[false, true])
            {
                table.Put(live);
                if (!stands)
                    table.Delete(live.Key);
                table.Put(joining);
                table.Flush();
                foreach (
                    var state in (TcpState[])
                        [
                            TcpState.SynReceived,
                            TcpState.Established,
                            TcpState.FinWait,
                            TcpState.CloseWait,
                            TcpState.LastAck,
                            TcpState.TimeWait,
                        ]
                )
                    table.Put(live with { Tcp = live.Tcp with { State = state } });
                table.Flush();
                Assert.Equal((0, 0), (table.Errors, table.LastError));
                Assert.Equal(TcpState.TimeWait, Dump().Single(each => each.Key == live.Key).Tcp.State);
                table.Clear();
            }
        });

    [Fact]
    public void What_is_expected_is_what_the_kernel_expects() => NetworkNamespace.Run(name, () =>
        {
            using var table = new ConntrackTable();
            var control = Samples()["tcp, source translated"] with { Helper = KernelName.From("ftp") };
            table.Put(control);
            var expectation = new SessionExpectation(
                control.Key,
                Protocols.Tcp,
                new SessionTuple(control.Reply.Source, control.Reply.Destination, 0, 4242),
                new SessionTuple(uint.MaxValue, uint.MaxValue, 0, 65535),
                200,
                0,
                0,
                1,
                new SessionTuple(control.Key.Original.Source, 0, 4242, 0),
                KernelName.From("ftp"),
                KernelName.From("nat-follow-master")
            );
            Assert.True(table.Expect(expectation, ended: false));
            Assert.True(table.Expect(expectation, ended: false));
            using (var dump = new ConntrackDump(expectations: true))
            {
                Assert.Equal(NetlinkReceive.Data, dump.Receive(out var reader));
                Assert.True(reader.TryNext(out var change, out _));
                Assert.Equal(ConntrackChange.Expected, change);
                Assert.InRange(reader.Expectation.TimeoutSeconds, 190u, 300u);
                Assert.Equal(expectation, reader.Expectation with { TimeoutSeconds = 200 });
            }

            Assert.True(table.TryGet(control.Key, out var held));
            Assert.Equal((control.Reply, control.Helper), (held.Reply, held.Helper));
            Assert.True(table.Expect(expectation, ended: true));
            Assert.True(table.Expect(expectation, ended: true));
            Assert.False(table.TryGet(Samples()["udp"].Key, out _));
        });

    [Fact]
    public void A_new_session_on_old_ports_replaces_the_old_one() => NetworkNamespace.Run(name, () =>
        {
            using var table = new ConntrackTable();
            var old = Samples()["tcp"];
            table.Put(old);
            table.Flush();
            table.Put(
                old with
                {
                    Status = SessionStatus.Confirmed,
                    Tcp = new TcpProgress(TcpState.SynSent, 3, 0, 7, 0),
                    TimeoutSeconds = 60,
                }
            );
            table.Flush();
            Assert.Equal((0, 0), (table.Errors, table.LastError));
            Assert.Equal(TcpState.SynSent, Assert.Single(Dump()).Tcp.State);
        });

    [Fact]
    public void Only_what_is_missing_is_put_when_so_asked() => NetworkNamespace.Run(name, () =>
        {
            using var table = new ConntrackTable();
            var record = Samples()["tcp, both translated"];
            table.Put(record, onlyIfMissing: true);
            table.Put(record with { Mark = 9 }, onlyIfMissing: true);
            table.Flush();
            Assert.Equal(0, table.Errors);
            Assert.Equal(record.Mark, Assert.Single(Dump()).Mark);
        });

    [Fact]
    public void Events_of_others_are_told_and_those_of_our_own_requests_are_not() => NetworkNamespace.Run(name, () =>
        {
            using var table = new ConntrackTable();
            using var events = new ConntrackEvents(table.PortId);
            using var all = new ConntrackEvents();
            using var others = new ConntrackTable();
            var ours = Samples()["tcp, source translated"];
            var theirs = Samples()["udp v6"];
            table.Put(ours);
            others.Put(theirs);
            others.Flush();
            table.Flush();
            table.Delete(ours.Key);
            table.Flush();
            others.Delete(theirs.Key);
            others.Flush();
            Assert.Equal([(ConntrackChange.Updated, theirs.Key), (ConntrackChange.Deleted, theirs.Key)], Told(events));
            Assert.Equal(4, Told(all).Count);
            events.TellsNew = false;
            others.Put(theirs);
            others.Flush();
            events.TellsNew = true;
            others.Delete(theirs.Key);
            others.Flush();
            Assert.Equal([(ConntrackChange.Deleted, theirs.Key)], Told(events));

            static List<(ConntrackChange Change, SessionKey Key)> Told(ConntrackEvents events)
            {
                var told = new List<(ConntrackChange Change, SessionKey Key)>();
                while (events.Receive(out var reader) == NetlinkReceive.Data)
                {
                    while (reader.TryNext(out var change, out var record))
                        told.Add((change, record.Key));
                    Assert.Equal(0, reader.Unreadable);
                }

                return told;
            }
        });

    [Fact]
    public void Twenty_thousand_sessions_go_in_and_come_out() => NetworkNamespace.Run(name, () =>
        {
            using var table = new ConntrackTable();
            var record = Samples()["tcp, source translated"];
            var expected = new HashSet<SessionKey>();
            for (var i = 0; i < 20_000; i++)
            {
                var key = record.Key with
                {
                    Original = record.Key.Original with
                    {
                        Source = record.Key.Original.Source + (UInt128)(i / 10_000),
                        SourcePort = (ushort)(i % 10_000 + 1000),
                    },
                };
                expected.Add(key);
                table.Put(record with { Key = key, Reply = record.Reply with { DestinationPort = (ushort)(i + 1000) } });
            }

            table.Flush();
            Assert.Equal((0, 0), (table.Errors, table.LastError));
            Assert.Equal(20_000, table.Count());
            Assert.Equal(expected, Dump().Select(each => each.Key).ToHashSet());
            table.Clear();
            Assert.Equal(0, table.Count());
        });

    [Fact]
    public void Reading_and_writing_allocate_nothing() => NetworkNamespace.Run(name, () =>
        {
            using var events = new ConntrackEvents();
            using var table = new ConntrackTable();
            var samples = Samples().Values.ToArray();
            var frame = new SessionFrameWriter(SessionPayload.SizeMax, SessionPayload.FrameHeaderSize);
            Allocation.AssertNone(() =>
            {
                for (var i = 0; i < 50; i++)
                    Round();
            });

            void Round()
            {
                foreach (ref readonly var record in samples.AsSpan())
                    table.Put(record);
                table.Flush();
                foreach (ref readonly var record in samples.AsSpan())
                    table.Delete(record.Key);
                table.Flush();
                while (events.Receive(out var reader) == NetlinkReceive.Data)
                {
                    while (reader.TryNext(out _, out var record))
                    {
                        if (!frame.TryAdd(record))
                            frame.Clear();
                    }
                }
            }
        });

    internal static IReadOnlyList<SessionRecord> Dump()
    {
        using var dump = new ConntrackDump();
        var records = new List<SessionRecord>();
        while (dump.Receive(out var reader) == NetlinkReceive.Data)
        {
            while (reader.TryNext(out _, out var record))
                records.Add(record);
            Assert.Equal((0, 0), (reader.Unreadable, reader.Error));
            if (reader.Done)
                return records;
        }

        throw new InvalidOperationException("the dump ended without its end");
    }

    private static Dictionary<string, SessionRecord> Samples()
    {
        const SessionStatus Open = SessionStatus.Confirmed | SessionStatus.SeenReply | SessionStatus.Assured;
        var tcp = new TcpProgress(TcpState.Established, 3, 3, 7, 9);
        SessionRecord Make(byte protocol, SessionTuple original, SessionTuple? reply = null, ushort zone = 0, bool v6 = false) =>
            new(
                new SessionKey(v6, protocol, zone, original),
                reply ?? original.Inverted(protocol),
                Open,
                600,
                0x2A,
                protocol == Protocols.Tcp ? tcp : default
            );
        UInt128 inside = Number("10.1.0.5"),
            server = Number("192.0.2.1"),
            outside = Number("203.0.113.9"),
            real = Number("10.2.0.80");
        UInt128 inside6 = Number("fd00:1::5"),
            server6 = Number("2001:db8::1"),
            outside6 = Number("2001:db8:f::9");
        return new Dictionary<string, SessionRecord>(StringComparer.Ordinal)
        {
            ["tcp"] = Make(Protocols.Tcp, new(inside, server, 40000, 443)),
            ["tcp, zone"] = Make(Protocols.Tcp, new(inside, server, 40001, 443), zone: 12),
            ["tcp, source translated"] = Make(Protocols.Tcp, new(inside, server, 40002, 443), new(server, outside, 443, 61000)),
            ["tcp, destination translated"] = Make(Protocols.Tcp, new(server, outside, 40003, 443), new(real, server, 8443, 40003)),
            ["tcp, both translated"] = Make(Protocols.Tcp, new(inside, outside, 40004, 443), new(real, server, 8443, 61001)),
            ["tcp v6"] = Make(Protocols.Tcp, new(inside6, server6, 40005, 443), v6: true),
            ["tcp v6, source translated"] = Make(
                Protocols.Tcp,
                new(inside6, server6, 40006, 443),
                new(server6, outside6, 443, 61002),
                v6: true
            ),
            ["udp"] = Make(Protocols.Udp, new(inside, server, 5000, 53)),
            ["udp, source translated"] = Make(Protocols.Udp, new(inside, server, 5001, 53), new(server, outside, 53, 61003)),
            ["udp v6"] = Make(Protocols.Udp, new(inside6, server6, 5002, 53), v6: true),
            ["sctp"] = Make(Protocols.Sctp, new(inside, server, 5003, 2905)) with { Sctp = new SctpProgress(4, 0x11223344, 0x55667788) },
            ["sctp, source translated"] = Make(Protocols.Sctp, new(inside, server, 5004, 2905), new(server, outside, 2905, 61004)) with
            {
                Sctp = new SctpProgress(4, 1, 2),
            },
            ["gre"] = Make(Protocols.Gre, new(inside, server, 0, 0)),
            ["gre, source translated"] = Make(Protocols.Gre, new(inside, server, 0, 0), new(server, outside, 0, 0)),
            ["esp"] = Make(50, new(inside, server, 0, 0)),
            ["esp, source translated"] = Make(50, new(inside, server, 0, 0), new(server, outside, 0, 0)),
            ["tcp, helper"] = Make(Protocols.Tcp, new(inside, server, 40007, 21)) with
            {
                Helper = KernelName.From("ftp"),
                AdjustReply = new SequenceAdjustment(5, -1, 2),
            },
            ["icmp"] = Make(Protocols.Icmp, new(inside, server, 77, 8 << 8)),
            ["icmp, source translated"] = Make(Protocols.Icmp, new(inside, server, 78, 8 << 8), new(server, outside, 9078, 0)),
            ["icmpv6"] = Make(Protocols.IcmpV6, new(inside6, server6, 79, 128 << 8), v6: true),
        };
    }

    private static UInt128 Number(string address) => SessionTuple.Number(IPAddress.Parse(address));
}
