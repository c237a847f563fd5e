using Hitless.Linux.Scheduling;

namespace Hitless.Linux.Tests.Scheduling;

public sealed class WorkThreadTests
{
    [Fact]
    public void What_many_threads_hand_over_is_done_in_their_order_before_it_ends()
    {
        const int Each = 2000;
        var done = new List<(int By, int Number)>();
        using (var work = new WorkThread("test"))
        {
            var givers = Enumerable
                .Range(0, 4)
                .Select(by => new Thread(() =>
                {
                    for (var number = 0; number < Each; number++)
                    {
                        var item = (by, number);
                        work.Do(() => done.Add(item));
                    }
                }))
                .ToList();
            givers.ForEach(giver => giver.Start());
            givers.ForEach(giver => giver.Join());
        }

        Assert.Equal(4 * Each, done.Count);
        Assert.All(done.GroupBy(item => item.By), given => Assert.Equal(Enumerable.Range(0, Each), given.Select(item => item.Number)));
    }

    [Fact]
    public void After_the_end_nothing_is_done_and_nothing_fails()
    {
        var work = new WorkThread("test");
        work.Dispose();

        var done = false;
        work.Do(() => done = true);
        Thread.Sleep(50);
        Assert.False(done);
    }
}
