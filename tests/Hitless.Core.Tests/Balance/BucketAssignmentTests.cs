using Hitless.Core.Balance;
using Hitless.Core.Wire;
using Xunit;

namespace Hitless.Core.Tests.Balance;

/// <summary>Which unit gets which bucket, and how few of them move.</summary>
public sealed class BucketAssignmentTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void Every_bucket_has_an_owner_and_shares_differ_by_one_at_the_most(int units)
    {
        var owners = BucketAssignment.Assign(new UnitId[BucketAssignment.Buckets], Equal(units));

        var counts = Enumerable.Range(1, units).Select(unit => owners.Count(owner => owner == new UnitId((ulong)unit))).ToArray();
        Assert.Equal(BucketAssignment.Buckets, counts.Sum());
        Assert.InRange(counts.Max() - counts.Min(), 0, 1);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void A_unit_that_joins_or_leaves_moves_its_own_share_and_nothing_else(int units)
    {
        for (var seed = 0; seed < 200; seed++)
        {
            var random = new Random(seed);
            BalanceShare[] all =
            [
                .. Enumerable.Range(0, units).Select(_ => new BalanceShare(new UnitId((ulong)random.NextInt64(1, long.MaxValue)), 1)),
            ];
            var without = BucketAssignment.Assign(new UnitId[BucketAssignment.Buckets], all[1..]);

            var joined = BucketAssignment.Assign(without, all);
            var left = BucketAssignment.Assign(joined, all[1..]);

            var moved = Enumerable.Range(0, joined.Length).Where(bucket => joined[bucket] != without[bucket]).ToArray();
            Assert.All(moved, bucket => Assert.Equal(all[0].Unit, joined[bucket]));
            Assert.InRange(moved.Length, BucketAssignment.Buckets / units, (BucketAssignment.Buckets / units) + 1);
            Assert.All(Enumerable.Range(0, joined.Length), bucket =>
                Assert.True(joined[bucket] == all[0].Unit || left[bucket] == joined[bucket])
            );
            Assert.DoesNotContain(all[0].Unit, left);
        }
    }

    [Fact]
    public void Shares_go_by_weight()
    {
        var owners = BucketAssignment.Assign(new UnitId[BucketAssignment.Buckets], [new(new UnitId(1), 1), new(new UnitId(2), 3)]);

        Assert.Equal(64, owners.Count(owner => owner == new UnitId(1)));
        Assert.Equal(192, owners.Count(owner => owner == new UnitId(2)));
    }

    [Fact]
    public void Nothing_moves_where_nothing_has_changed()
    {
        var owners = BucketAssignment.Assign(new UnitId[BucketAssignment.Buckets], Equal(3));

        Assert.Equal(owners, BucketAssignment.Assign(owners, Equal(3)));
        Assert.Equal(owners, BucketAssignment.Assign(owners, [.. Equal(3).Reverse()]));
    }

    [Fact]
    public void The_buckets_of_a_unit_that_is_gone_are_spread_over_the_others()
    {
        var owners = BucketAssignment.Assign(new UnitId[BucketAssignment.Buckets], Equal(4));

        var left = BucketAssignment.Assign(owners, Equal(3));

        var heirs = Enumerable.Range(0, owners.Length).Where(bucket => owners[bucket] == new UnitId(4)).GroupBy(bucket => left[bucket]);
        Assert.Equal([21, 21, 22], heirs.Select(heir => heir.Count()).Order());
    }

    private static BalanceShare[] Equal(int units) =>
        [.. Enumerable.Range(1, units).Select(unit => new BalanceShare(new UnitId((ulong)unit), 1))];
}
