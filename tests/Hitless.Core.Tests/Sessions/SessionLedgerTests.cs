using Hitless.Core.Sessions;
using Hitless.Core.Tests.Memory;
using Xunit;

namespace Hitless.Core.Tests.Sessions;

public sealed class SessionLedgerTests
{
    private static readonly int[] Buckets = [.. Enumerable.Range(0, SessionDigests.BucketsDefault)];

    [Theory]
    [InlineData(1, 50)]
    [InlineData(2, 4000)]
    [InlineData(3, 10_000)]
    public void It_holds_what_the_table_holds_whatever_is_put_removed_and_read(int seed, int kinds)
    {
        var random = new Random(seed);
        var samples = Enumerable.Range(0, kinds).Select(_ => SessionSamples.Any(random)).DistinctBy(each => each.Key).ToArray();
        var ledger = new SessionLedger();
        var table = new Dictionary<SessionKey, SessionRecord>();
        // What a reading found and has not handed over yet: by then it may be out of date.
        var onItsWay = new Queue<SessionRecord>();
        for (var step = 0; step < Math.Max(kinds * 2, 5000); step++)
        {
            var sample = samples[random.Next(samples.Length)];
            switch (random.Next(9))
            {
                case 0 when !ledger.IsReading && random.Next(30) == 0:
                    ledger.BeginReading();
                    onItsWay = new Queue<SessionRecord>(table.Values);
                    break;
                case 0 when ledger.IsReading && onItsWay.Count == 0:
                    ledger.EndReading();
                    Assert.Equal(0, ledger.Corrected);
                    break;
                case < 3:
                    ledger.Remove(sample.Key);
                    table.Remove(sample.Key);
                    break;
                case 3:
                    ledger.PutIfMissing(sample);
                    table.TryAdd(sample.Key, sample);
                    break;
                case < 7:
                    var changed = sample with { Tcp = new TcpProgress((TcpState)random.Next(1, 10), 0, 0, 0, 0) };
                    ledger.Put(changed);
                    table[sample.Key] = changed;
                    break;
                default:
                    for (var i = random.Next(kinds / 2); i > 0 && onItsWay.TryDequeue(out var read); i--)
                        ledger.OnRead(new SessionDigest(read.Key, read.Digest64()));
                    break;
            }

            Assert.Equal(table.Count, ledger.Count);
            if (step % 500 == 0)
                AssertHolds(ledger, table.Values);
        }

        AssertHolds(ledger, table.Values);
    }

    [Fact]
    public void A_reading_puts_right_what_nobody_told()
    {
        var ledger = new SessionLedger();
        for (var i = 0; i < 100_000; i++)
            ledger.Put(SessionSamples.Tcp(i));
        // Gone: 0 to 89,999. Changed: 90,000 to 90,009. New: 10.
        SessionRecord[] table =
        [
            .. Enumerable.Range(90_000, 10).Select(i => SessionSamples.Tcp(i, TcpState.TimeWait)),
            .. Enumerable.Range(90_010, 10_000).Select(i => SessionSamples.Tcp(i)),
        ];
        ledger.BeginReading();
        foreach (var record in table)
            ledger.OnRead(new SessionDigest(record.Key, record.Digest64()));
        ledger.EndReading();
        Assert.Equal(90_020, ledger.Corrected);
        AssertHolds(ledger, table);
        ledger.BeginReading();
        foreach (var record in table)
            ledger.OnRead(new SessionDigest(record.Key, record.Digest64()));
        ledger.EndReading();
        Assert.Equal(0, ledger.Corrected);
    }

    [Fact]
    public void Only_the_keys_of_the_wanted_buckets_are_named_and_no_more_than_wanted()
    {
        var random = new Random(5);
        var ledger = new SessionLedger();
        var keys = Enumerable.Range(0, 30_000).Select(_ => SessionSamples.Any(random)).DistinctBy(each => each.Key).ToList();
        keys.ForEach(each => ledger.Put(each));
        int[] wanted = [0, 17, 4095];
        var expected = keys.Select(each => each.Key)
            .Where(key => wanted.Contains(SessionDigests.BucketOf(key, SessionDigests.BucketsDefault)))
            .ToHashSet();
        Assert.True(ledger.TryKeysIn(wanted, expected.Count, out var found));
        Assert.Equal(expected.Count, found.Count);
        Assert.Equal(expected, found.ToHashSet());
        Assert.False(ledger.TryKeysIn(wanted, expected.Count - 1, out _));
        Assert.True(ledger.TryKeysIn([-1, 4096, int.MaxValue], 1, out var none));
        Assert.Empty(none);
    }

    [Fact]
    public void Sessions_that_come_and_go_leave_no_garbage()
    {
        var ledger = new SessionLedger();
        SessionRecord[] records =
        [
            .. Enumerable.Range(0, 5000).SelectMany(i => (SessionRecord[])[SessionSamples.Tcp(i), SessionSamples.NatV6(i)]),
        ];
        Allocation.AssertNone(Round);

        void Round()
        {
            foreach (ref readonly var record in records.AsSpan())
                ledger.Put(record);
            foreach (ref readonly var record in records.AsSpan())
                ledger.Remove(record.Key);
        }
    }

    private static void AssertHolds(SessionLedger ledger, IEnumerable<SessionRecord> table)
    {
        var expected = new SessionDigests();
        var keys = new HashSet<SessionKey>();
        foreach (var record in table)
        {
            expected.Add(record);
            keys.Add(record.Key);
        }

        Assert.Equal(expected.Sessions, ledger.Digests().Sessions);
        Assert.Empty(expected.UnequalTo(ledger.Digests()));
        Assert.True(ledger.TryKeysIn(Buckets, int.MaxValue, out var found));
        Assert.Equal(keys.Count, found.Count);
        Assert.Equal(keys, found.ToHashSet());
    }
}
