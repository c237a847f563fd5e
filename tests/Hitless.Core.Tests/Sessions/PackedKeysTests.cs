using Hitless.Core.Sessions;
using Xunit;

namespace Hitless.Core.Tests.Sessions;

public sealed class PackedKeysTests
{
    private const int Buckets = 4096;

    [Fact]
    public void Keys_of_some_buckets_come_back_and_no_others()
    {
        var random = new Random(7);
        var keys = Enumerable.Range(0, 50_000).Select(_ => SessionSamples.Any(random).Key).Distinct().ToList();
        var packed = new PackedKeys();
        keys.ForEach(key => packed.Add(key));
        var wanted = new HashSet<int> { 0, 17, 4095 };
        var expected = keys.Where(key => wanted.Contains(SessionDigests.BucketOf(key, Buckets))).ToList();
        Assert.True(packed.TryFind(Buckets, wanted, expected.Count, out var found));
        Assert.Equal(expected, found);
        Assert.False(packed.TryFind(Buckets, wanted, expected.Count - 1, out _));
    }

    [Fact]
    public void A_second_filling_knows_nothing_of_the_first_and_needs_no_more_room()
    {
        var (first, second) = (Keys(0, 100_000), Keys(200_000, 1000));
        var packed = new PackedKeys();
        Fill(first);
        packed.Clear();
        var before = GC.GetAllocatedBytesForCurrentThread();
        Fill(second);
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
        Assert.True(packed.TryFind(1, new HashSet<int> { 0 }, int.MaxValue, out var keys));
        Assert.Equal(second, keys);

        SessionKey[] Keys(int from, int count) => [.. Enumerable.Range(from, count).Select(number => SessionSamples.Tcp(number).Key)];

        void Fill(SessionKey[] keys)
        {
            foreach (var key in keys)
                packed.Add(key);
        }
    }
}
