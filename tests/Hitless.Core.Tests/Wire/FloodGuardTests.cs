using Hitless.Core.Tests.Memory;
using Hitless.Core.Wire;
using Hitless.Core.Wire.Floods;
using Xunit;

namespace Hitless.Core.Tests.Wire;

public sealed class FloodGuardTests
{
    private const int Group = 7;
    private static readonly WireSource Peer = WireSource.From([10, 0, 0, 2]);
    private static readonly WireSource Other = WireSource.From([10, 0, 0, 66]);
    private static readonly Incarnation Incarnation = new(new UInt128(5, 6));
    private readonly FloodGuard guard = new(DatagramKind.Heartbeat, Group, "the link on hb0", [Peer]);
    private TimeSpan now = TimeSpan.FromHours(1);

    public FloodGuardTests()
    {
        Assert.True(guard.TakeChange(now, out var calm));
        Assert.False(calm.Strict);
        guard.NoteAccepted(Header(1000), Peer, now);
    }

    [Fact]
    public void A_few_refused_ones_change_nothing_and_name_nobody()
    {
        for (var second = 0; second < 5; second++, now += TimeSpan.FromSeconds(1))
        {
            Flood(FloodGuard.FloodRate - 1, Other);
            Assert.False(guard.TakeChange(now, out _));
            Assert.Null(guard.ProblemAt(now));
        }
    }

    [Fact]
    public void A_flood_is_named_by_source_and_rate_and_only_what_fits_a_peer_is_taken_while_it_lasts()
    {
        Flood(FloodGuard.FloodRate, Other);
        Assert.True(guard.TakeChange(now, out var strict));
        Assert.True(strict.Strict);
        Assert.Equal(new KnownSender(Incarnation, Peer, 1000), Assert.Single(strict.Senders));
        Assert.Equal(1, strict.WeightOf(Datagram(Incarnation, 1001), Peer));
        Assert.Equal(Admission.SampleOfOthers, strict.WeightOf(Datagram(Incarnation, 1001), Other));
        Assert.Equal(Admission.SampleOfOthers, strict.WeightOf(Datagram(Incarnation, 1001 + KnownSender.Ahead), Peer));
        Assert.Equal(Admission.SampleOfPeers, strict.WeightOf(Datagram(new(9), 1), Peer));

        // What the kernel lets through of 200,000 a second from then on.
        for (var second = 0; second < 30; second++, now += TimeSpan.FromSeconds(1))
        {
            Flood(200_000 / Admission.SampleOfOthers, Other);
            Flood(3, Peer);
            guard.NoteAccepted(Header(2000 + (ulong)second), Peer, now);
            Assert.Equal(second > 0, guard.TakeChange(now, out strict));
            Assert.True(strict.Strict);
        }

        Assert.Equal(2029UL, strict.Senders[0].Sequence + 1);
        var problem = guard.ProblemAt(now);
        Assert.StartsWith("the link on hb0 is flooded: about 200000 datagrams a second are refused, 99 % of them from 10.0.0.66", problem);
        Assert.InRange(guard.RefusedCount, 190_000 * 29, 210_000 * 31);

        Assert.True(guard.TakeChange(now, out _));
        now += TimeSpan.FromSeconds(20);
        Assert.True(guard.TakeChange(now, out var calm));
        Assert.False(calm.Strict);
        Assert.Null(guard.ProblemAt(now));
    }

    [Fact]
    public void A_unit_that_restarts_amid_a_flood_is_taken_from_its_first_authentic_datagram_on()
    {
        Flood(FloodGuard.FloodRate, Other);
        Assert.True(guard.TakeChange(now, out _));
        guard.NoteAccepted(Header(1) with { Incarnation = new(99) }, Peer, now);
        Assert.True(guard.TakeChange(now, out var strict));
        Assert.Equal(1, strict.WeightOf(Datagram(new(99), 2), Peer));
    }

    [Fact]
    public void More_sources_than_are_counted_do_not_hide_the_loudest_and_nothing_is_allocated_for_them()
    {
        Flood(FloodGuard.FloodRate, Other);
        var datagram = Datagram(Incarnation, 5_000_000_000);
        Allocation.AssertNone(() =>
        {
            Span<byte> from = [10, 1, 0, 0];
            for (var i = 0; i < 3000; i++)
            {
                (from[2], from[3]) = ((byte)(i >> 8), (byte)i);
                guard.NoteRefused(DatagramVerdict.BadTag, datagram, WireSource.From(from), now);
                guard.NoteRefused(DatagramVerdict.BadTag, datagram, Other, now);
            }
        });
        now += TimeSpan.FromSeconds(1);
        guard.TakeChange(now, out _);
        Assert.Contains("from 10.0.0.66", guard.ProblemAt(now));
    }

    [Theory]
    [InlineData("", "an unknown source")]
    [InlineData("0a000042", "10.0.0.66")]
    [InlineData("02484c000701", "02:48:4c:00:07:01")]
    [InlineData("fd000000000000000000000000000002", "fd00::2")]
    public void A_source_is_shown_in_its_usual_form(string bytes, string shown) =>
        Assert.Equal(shown, $"{WireSource.From(Convert.FromHexString(bytes))}");

    private void Flood(int count, in WireSource source)
    {
        var datagram = Datagram(Incarnation, 5_000_000_000);
        for (var i = 0; i < count; i++)
        {
            guard.NoteRefused(DatagramVerdict.BadTag, datagram, source, now);
        }
    }

    private static DatagramHeader Header(ulong sequence) =>
        new(WireVersion.Major, 0, DatagramKind.Heartbeat, DatagramHeader.Size, Group, new(5), Incarnation, sequence);

    private static byte[] Datagram(Incarnation incarnation, ulong sequence)
    {
        var datagram = new byte[Admission.LengthMin];
        var writer = new ByteWriter(datagram);
        (Header(sequence) with { Incarnation = incarnation }).Write(ref writer);
        return datagram;
    }
}
