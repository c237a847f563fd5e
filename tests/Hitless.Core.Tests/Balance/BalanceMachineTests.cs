using Hitless.Core.Balance;
using Hitless.Core.Wire;
using Xunit;

namespace Hitless.Core.Tests.Balance;

/// <summary>How buckets move: gradually to who joins, at once from who is gone, never before the sessions.</summary>
public sealed class BalanceMachineTests
{
    private static readonly UnitId Third = BalanceWorld.Id(3);
    private static readonly TimeSpan Settled = TimeSpan.FromSeconds(20);

    [Fact]
    public void A_standby_takes_its_share_in_steps_once_the_primary_has_been_one_for_a_while()
    {
        var world = new BalanceWorld(others: 1);
        world.BecomePrimary();

        world.Run(world.Options.PrimaryMin);
        Assert.Equal(0, world.Of(2));
        world.Run(Settled);

        Assert.Equal(128, world.Of(2));
        Assert.Equal(world.Options.StepBuckets, world.LargestStep);
    }

    [Fact]
    public void A_unit_that_is_gone_loses_its_buckets_at_once_and_the_others_keep_theirs()
    {
        var world = Balanced(others: 2);
        var before = world.Kernel;

        world.Set(3, null, gone: true);
        world.Run(TimeSpan.FromMilliseconds(40));

        Assert.Equal(0, world.Of(3));
        Assert.All(Enumerable.Range(0, before.Length), at => Assert.True(before[at] == Third || world.Kernel[at] == before[at]));
        Assert.Contains(world.Lines, line => line.StartsWith("gw3 is gone", StringComparison.Ordinal));
    }

    [Fact]
    public void Load_balancing_off_brings_every_bucket_to_the_primary_and_on_gives_them_back()
    {
        var world = Balanced(others: 2);

        world.Off("an upgrade is under way");
        world.Run(TimeSpan.FromSeconds(1));

        Assert.Equal(BucketAssignment.Buckets, world.Of(1));
        Assert.True(world.Machine.IsQuiet);
        Assert.Equal(0, world.Forced);
        world.Off(null);
        world.Run(Settled);
        Assert.InRange(world.Of(2), 85, 86);
        Assert.InRange(world.Of(3), 85, 86);
    }

    [Fact]
    public void A_unit_that_is_held_is_drained_and_the_other_standby_is_not_disturbed()
    {
        var world = Balanced(others: 2);
        var before = world.Kernel;

        world.Set(2, "it is held");
        world.Run(TimeSpan.FromSeconds(2));

        Assert.Equal(0, world.Of(2));
        Assert.All(Enumerable.Range(0, before.Length), at => Assert.True(before[at] != Third || world.Kernel[at] == Third));
        Assert.DoesNotContain(BalanceWorld.Id(2), world.Machine.Carriers);
        Assert.Equal(0, world.Forced);
    }

    [Fact]
    public void A_unit_that_does_not_confirm_the_sessions_gets_no_bucket()
    {
        var world = new BalanceWorld(others: 1) { Confirms = (_, _) => false };
        world.BecomePrimary();

        world.Run(Settled);

        Assert.Equal(0, world.Of(2));
        Assert.Contains(world.Lines, line => line.Contains("no bucket moves", StringComparison.Ordinal));
    }

    [Fact]
    public void A_unit_that_may_not_carry_on_is_drained_even_if_nobody_confirms_its_sessions()
    {
        var world = Balanced(others: 1);
        world.Confirms = (_, _) => false;

        world.Set(2, "it does not forward");
        world.Run(TimeSpan.FromSeconds(5));

        Assert.Equal(0, world.Of(2));
        Assert.Equal(128, world.Forced);
    }

    [Fact]
    public void Where_the_kernel_refuses_the_table_the_primary_carries_everything_and_it_is_tried_again()
    {
        var world = Balanced(others: 1);
        world.KernelWorks = false;

        world.Set(2, "it lags");
        world.Run(TimeSpan.FromSeconds(1));
        Assert.Equal(BucketAssignment.Buckets, world.Of(1));
        world.KernelWorks = true;
        world.Set(2, null);
        world.Run(Settled);

        Assert.Equal(128, world.Of(2));
    }

    [Fact]
    public void A_unit_that_is_no_longer_primary_hands_nothing_on()
    {
        var world = Balanced(others: 1);

        world.LosePrimary();

        Assert.Equal(BucketAssignment.Buckets, world.Of(1));
        Assert.True(world.Machine.IsQuiet);
    }

    [Fact]
    public void Under_random_faults_every_bucket_has_one_owner_and_moves_after_its_sessions()
    {
        for (var seed = 0; seed < 300; seed++)
        {
            var random = new Random(seed);
            var world = new BalanceWorld(random.Next(1, 4));
            world.Confirms = (_, _) => random.Next(10) > 0;
            world.BecomePrimary();
            world.Run(TimeSpan.FromSeconds(random.Next(30)));
            for (var step = 0; step < 12; step++)
            {
                Disturb(world, random);
                world.Run(TimeSpan.FromMilliseconds(random.Next(1500)));
            }

            world.Confirms = (_, _) => true;
            world.KernelWorks = true;
            for (var unit = 2; unit <= 4; unit++)
            {
                Restore(world, unit);
            }

            world.Off(null);
            world.Run(TimeSpan.FromSeconds(40));
            Assert.True(
                world.Of(2) is >= 64 and <= 128,
                $"seed {seed}: {world.Of(2)} buckets; {string.Join("; ", world.Lines.TakeLast(8))}"
            );
        }
    }

    private static void Disturb(BalanceWorld world, Random random)
    {
        var unit = random.Next(2, 5);
        switch (random.Next(7))
        {
            case 0:
                world.Off("an upgrade is under way");
                break;
            case 1:
                world.Off(null);
                break;
            case 2:
                world.KernelWorks = !world.KernelWorks;
                break;
            case 3 when world.Has(unit):
                world.Set(unit, null, gone: true);
                break;
            case 4 when world.Has(unit):
                world.Set(unit, "it lags");
                break;
            default:
                Restore(world, unit);
                break;
        }
    }

    private static void Restore(BalanceWorld world, int unit)
    {
        if (world.Has(unit))
        {
            world.Set(unit, null);
        }
    }

    private static BalanceWorld Balanced(int others)
    {
        var world = new BalanceWorld(others);
        world.BecomePrimary();
        world.Run(TimeSpan.FromSeconds(30));
        Assert.InRange(world.Of(2), BucketAssignment.Buckets / (others + 1), (BucketAssignment.Buckets / (others + 1)) + 1);
        return world;
    }
}
