using Hitless.Core.Tests.Memory;
using Hitless.Core.Wire;
using Xunit;

namespace Hitless.Core.Tests.Wire;

public sealed class DatagramTests
{
    private static readonly byte[] Secret = [.. Enumerable.Range(0, 32).Select(i => (byte)i)];
    private static readonly TimeSpan Now = TimeSpan.FromSeconds(1);
    private readonly byte[] datagram = new byte[2048];
    private readonly byte[] plaintext = new byte[2048];

    [Fact]
    public void What_one_unit_seals_another_opens()
    {
        using var sealer = Sealer();
        using var opener = Opener();
        var length = sealer.Seal("hello"u8, datagram);

        Assert.Equal(DatagramVerdict.Accepted, opener.Open(datagram.AsSpan(0, length), plaintext, Now, out var header, out var payload));
        Assert.Equal("hello"u8, payload);
        Assert.Equal((new UnitId(11), new Incarnation(5), 1UL), (header.UnitId, header.Incarnation, header.Sequence));
        Assert.Equal(WireVersion.Minor, header.Minor);
    }

    [Fact]
    public void Each_refusal_has_its_reason_and_is_counted()
    {
        using var sealer = Sealer();
        using var opener = Opener();
        var length = sealer.Seal("hello"u8, datagram);

        Assert.Equal(DatagramVerdict.Truncated, Altered(opener, length - 1 - "hello"u8.Length, 0, 0));
        Assert.Equal(DatagramVerdict.ForeignMagic, Altered(opener, length, 0, 1));
        Assert.Equal(DatagramVerdict.UnsupportedMajor, Altered(opener, length, 2, 2));
        Assert.Equal(DatagramVerdict.OtherKind, Altered(opener, length, 4, 3));
        Assert.Equal(DatagramVerdict.OtherGroup, Altered(opener, length, 7, 1));
        for (var at = 8; at < length; at++)
            Assert.Equal(DatagramVerdict.BadTag, Altered(opener, length, at, 0x10));
        using var self = new DatagramOpener([new ClusterKey(Secret)], DatagramKind.Heartbeat, 7, new(11));
        Assert.Equal(DatagramVerdict.Own, self.Open(datagram.AsSpan(0, length), plaintext, Now, out _, out _));

        Assert.Equal(0, opener.SenderCount);
        Assert.Equal(length - 8, opener.Count(DatagramVerdict.BadTag));
        Assert.Equal(length - 8 + 5, opener.RefusedCount);
        Assert.Equal(0, opener.Count(DatagramVerdict.Accepted));
    }

    [Fact]
    public void Another_clusters_key_is_refused()
    {
        using var sealer = Sealer();
        using var opener = new DatagramOpener([new ClusterKey(new byte[32])], DatagramKind.Heartbeat, 7, new(22));
        Assert.Equal(DatagramVerdict.BadTag, opener.Open(datagram.AsSpan(0, sealer.Seal("x"u8, datagram)), plaintext, Now, out _, out _));
    }

    [Fact]
    public void Forged_datagrams_of_a_known_sender_cost_no_exception_and_no_memory_and_its_own_go_on()
    {
        using var sealer = Sealer();
        using var opener = Opener();
        Assert.Equal(DatagramVerdict.Accepted, Open("one"u8));
        var (exceptions, thread) = (0, Environment.CurrentManagedThreadId);
        void Count(object? sender, System.Runtime.ExceptionServices.FirstChanceExceptionEventArgs e) =>
            exceptions += Environment.CurrentManagedThreadId == thread ? 1 : 0;
        AppDomain.CurrentDomain.FirstChanceException += Count;
        try
        {
            Allocation.AssertNone(() =>
            {
                for (var round = 0; round < 1000; round++)
                {
                    var length = sealer.Seal("two"u8, datagram);
                    datagram[length - 1] ^= 1;
                    var verdict = opener.Open(datagram.AsSpan(0, length), plaintext, Now, out _, out _);
                    if (verdict != DatagramVerdict.BadTag || !opener.SenderWasKnown)
                    {
                        Assert.Fail($"{verdict} in round {round}");
                    }
                }
            });
        }
        finally
        {
            AppDomain.CurrentDomain.FirstChanceException -= Count;
        }

        Assert.InRange(exceptions, 0, 2);
        Assert.Equal(DatagramVerdict.Accepted, Open("three"u8));
        Assert.Equal("three"u8, plaintext.AsSpan(0, 5));

        DatagramVerdict Open(ReadOnlySpan<byte> text) =>
            opener.Open(datagram.AsSpan(0, sealer.Seal(text, datagram)), plaintext, Now, out _, out _);
    }

    [Fact]
    public void Our_own_id_with_another_incarnation_is_opened_and_kept_apart()
    {
        using var sealer = Sealer();
        using var opener = new DatagramOpener(
            [new ClusterKey(Secret)],
            DatagramKind.Heartbeat,
            7,
            new(11),
            ownIncarnation: new Incarnation(6)
        );
        var length = sealer.Seal("hello"u8, datagram);
        Assert.Equal(DatagramVerdict.Twin, opener.Open(datagram.AsSpan(0, length), plaintext, Now, out var header, out var payload));
        Assert.Equal("hello"u8, payload);
        Assert.Equal((new UnitId(11), new Incarnation(5)), (header.UnitId, header.Incarnation));
        Assert.Equal(DatagramVerdict.Replayed, opener.Open(datagram.AsSpan(0, length), plaintext, Now, out _, out _));

        using var looped = new DatagramOpener(
            [new ClusterKey(Secret)],
            DatagramKind.Heartbeat,
            7,
            new(11),
            ownIncarnation: new Incarnation(5)
        );
        Assert.Equal(DatagramVerdict.Own, looped.Open(datagram.AsSpan(0, length), plaintext, Now, out _, out _));
        using var foreign = new DatagramOpener(
            [new ClusterKey(new byte[32])],
            DatagramKind.Heartbeat,
            7,
            new(11),
            ownIncarnation: new Incarnation(6)
        );
        Assert.Equal(DatagramVerdict.BadTag, foreign.Open(datagram.AsSpan(0, length), plaintext, Now, out _, out _));
    }

    [Fact]
    public void A_bad_tag_of_a_known_incarnation_is_no_other_key()
    {
        using var sealer = Sealer();
        using var opener = Opener();
        var length = sealer.Seal("hello"u8, datagram);
        Assert.Equal(DatagramVerdict.BadTag, Altered(opener, length, length - 1, 1));
        Assert.False(opener.SenderWasKnown);
        opener.Open(datagram.AsSpan(0, length), plaintext, Now, out _, out _);
        length = sealer.Seal("hello"u8, datagram);
        Assert.Equal(DatagramVerdict.BadTag, Altered(opener, length, length - 1, 1));
        Assert.True(opener.SenderWasKnown);
    }

    [Fact]
    public void A_datagram_is_accepted_once_in_any_order_within_the_window()
    {
        using var sealer = Sealer();
        using var opener = Opener();
        var sent = new List<byte[]>();
        for (var i = 0; i < 3000; i++)
            sent.Add(datagram[..sealer.Seal([1], datagram)]);
        var random = new Random(1);
        for (var at = 0; at < sent.Count; at += 500)
        {
            foreach (var each in sent.Skip(at).Take(500).OrderBy(_ => random.Next()))
                Assert.Equal(DatagramVerdict.Accepted, opener.Open(each, plaintext, Now, out _, out _));
        }

        Assert.All(sent, each => Assert.Equal(DatagramVerdict.Replayed, opener.Open(each, plaintext, Now, out _, out _)));
    }

    [Fact]
    public void A_jump_forgets_what_fell_out_of_the_window()
    {
        var window = new ReplayWindow();
        var random = new Random(2);
        var seen = new HashSet<ulong>();
        ulong highest = 0;
        for (var i = 0; i < 200_000; i++)
        {
            var sequence =
                random.Next(4) == 0 ? highest + (ulong)random.Next(1, 3000) : (ulong)Math.Max(1, (long)highest - random.Next(1500));
            var expected = sequence > highest || (highest - sequence < 1024 && !seen.Contains(sequence));
            Assert.Equal(expected, window.IsFresh(sequence));
            if (!expected)
                continue;
            window.Mark(sequence);
            seen.Add(sequence);
            highest = Math.Max(highest, sequence);
        }
    }

    [Fact]
    public void Restarts_do_not_grow_the_table_without_bound()
    {
        using var opener = Opener();
        for (var incarnation = 1; incarnation <= 100; incarnation++)
        {
            using var sealer = new DatagramSealer(
                new ClusterKey(Secret),
                DatagramKind.Heartbeat,
                WireVersion.Minor,
                7,
                new(11),
                new((UInt128)incarnation)
            );
            Assert.Equal(
                DatagramVerdict.Accepted,
                opener.Open(datagram.AsSpan(0, sealer.Seal("x"u8, datagram)), plaintext, TimeSpan.FromSeconds(incarnation), out _, out _)
            );
        }

        Assert.Equal(32, opener.SenderCount);
    }

    [Fact]
    public void A_flood_of_forged_incarnations_costs_few_derivations_and_hides_nobody_who_is_known()
    {
        using var sealer = Sealer();
        using var opener = Opener();
        var first = datagram[..sealer.Seal("x"u8, datagram)];
        Assert.Equal(DatagramVerdict.Accepted, opener.Open(first, plaintext, Now, out _, out _));
        for (var i = 0; i < 10_000; i++)
        {
            using var forger =
                i % 1000 == 0
                    ? new DatagramSealer(
                        new ClusterKey(new byte[32]),
                        DatagramKind.Heartbeat,
                        WireVersion.Minor,
                        7,
                        new(11),
                        new((UInt128)(i + 100))
                    )
                    : null;
            var forged = forger is null ? datagram[..first.Length] : datagram[..forger.Seal("x"u8, datagram)];
            forged[20] = (byte)i;
            Assert.NotEqual(
                DatagramVerdict.Accepted,
                opener.Open(forged, plaintext, Now + TimeSpan.FromMicroseconds(10 * i), out _, out _)
            );
        }

        // In a tenth of a second: what is saved up, and one a millisecond.
        Assert.InRange(opener.Count(DatagramVerdict.BadTag), 100, 170);
        Assert.Equal(10_000, opener.Count(DatagramVerdict.BadTag) + opener.Count(DatagramVerdict.TooManyUnknown));
        Assert.Equal(
            DatagramVerdict.Accepted,
            opener.Open(datagram.AsSpan(0, sealer.Seal("y"u8, datagram)), plaintext, Now + TimeSpan.FromMilliseconds(100), out _, out _)
        );
        using var newcomer = new DatagramSealer(new ClusterKey(Secret), DatagramKind.Heartbeat, WireVersion.Minor, 7, new(33), new(44));
        Assert.Equal(
            DatagramVerdict.Accepted,
            opener.Open(datagram.AsSpan(0, newcomer.Seal("z"u8, datagram)), plaintext, Now + TimeSpan.FromMilliseconds(200), out _, out _)
        );
    }

    [Fact]
    public void Sealing_and_opening_allocate_nothing()
    {
        using var sealer = Sealer();
        using var opener = Opener();
        void Exchange() => opener.Open(datagram.AsSpan(0, sealer.Seal(plaintext.AsSpan(0, 100), datagram)), plaintext, Now, out _, out _);
        Allocation.AssertNone(() =>
        {
            for (var i = 0; i < 1000; i++)
                Exchange();
        });
    }

    [Fact]
    public void A_longer_header_of_a_newer_version_is_skipped()
    {
        var header = new DatagramHeader(WireVersion.Major, 200, DatagramKind.Heartbeat, DatagramHeader.Size + 4, 7, new(11), new(5), 9);
        var key = new ClusterKey(Secret);
        using var cipher = key.DeriveCipher(DatagramKind.Heartbeat, new(11), new(5));
        var writer = new ByteWriter(datagram);
        header.Write(ref writer);
        writer.WriteUInt32(0xDEADBEEF);
        Span<byte> nonce = stackalloc byte[12];
        DatagramSealer.WriteNonce(9, nonce);
        cipher.Encrypt(nonce, "later"u8, datagram.AsSpan(44, 5), datagram.AsSpan(49, 16), datagram.AsSpan(0, 44));

        using var opener = Opener();
        Assert.Equal(DatagramVerdict.Accepted, opener.Open(datagram.AsSpan(0, 65), plaintext, Now, out _, out var payload));
        Assert.Equal("later"u8, payload);
    }

    [Fact]
    public void Random_and_mutated_bytes_are_refused_and_never_throw()
    {
        using var sealer = Sealer();
        using var opener = Opener();
        var length = sealer.Seal("hello"u8, datagram);
        var random = new Random(3);
        var bytes = new byte[100];
        for (var i = 0; i < 20_000; i++)
        {
            var size = random.Next(bytes.Length);
            random.NextBytes(bytes.AsSpan(0, size));
            if (random.Next(2) == 0)
                datagram.AsSpan(0, Math.Min(random.Next(8, 40), size)).CopyTo(bytes);
            Assert.NotEqual(DatagramVerdict.Accepted, opener.Open(bytes.AsSpan(0, size), plaintext, Now, out _, out _));
        }

        Assert.Equal(DatagramVerdict.Accepted, opener.Open(datagram.AsSpan(0, length), plaintext, 2 * Now, out _, out _));
    }

    [Fact]
    public void Two_keys_are_accepted_while_the_key_is_rotated_and_the_former_is_refused_afterwards()
    {
        ClusterKey former = new(Secret),
            next = new(new byte[32]);
        using var sealer = Sealer();
        using var thief = new DatagramSealer(former, DatagramKind.Heartbeat, WireVersion.Minor, 7, new(33), new(44));
        using var opener = Opener();
        var buffer = new byte[100];
        var before = Sealed(sealer, buffer);
        Assert.Equal(DatagramVerdict.Accepted, Verdict(opener, before));
        Assert.Equal(DatagramVerdict.Accepted, Verdict(opener, Sealed(thief, buffer)));

        opener.Accept([former, next]);
        sealer.Use(next);
        var late = Sealed(sealer, buffer);
        Assert.Equal(DatagramVerdict.Accepted, Verdict(opener, Sealed(sealer, buffer)));
        Assert.Equal(DatagramVerdict.Accepted, Verdict(opener, late));
        Assert.Equal(DatagramVerdict.Replayed, Verdict(opener, before));

        opener.Accept([next]);
        Assert.Equal(DatagramVerdict.Replayed, Verdict(opener, late));
        Assert.Equal(DatagramVerdict.Accepted, Verdict(opener, Sealed(sealer, buffer)));
        Assert.Equal(DatagramVerdict.BadTag, Verdict(opener, Sealed(thief, buffer)));
        Assert.False(opener.SenderWasKnown);
    }

    private static byte[] Sealed(DatagramSealer sealer, byte[] buffer) => buffer[..sealer.Seal("content"u8, buffer)];

    private static DatagramVerdict Verdict(DatagramOpener opener, byte[] datagram) =>
        opener.Open(datagram, new byte[200], TimeSpan.Zero, out _, out _);

    private static DatagramSealer Sealer() => new(new ClusterKey(Secret), DatagramKind.Heartbeat, WireVersion.Minor, 7, new(11), new(5));

    private static DatagramOpener Opener() => new([new ClusterKey(Secret)], DatagramKind.Heartbeat, 7, new(22));

    private DatagramVerdict Altered(DatagramOpener opener, int length, int at, byte flip)
    {
        var copy = datagram[..length];
        copy[at] ^= flip;
        return opener.Open(copy, plaintext, Now, out _, out _);
    }
}
