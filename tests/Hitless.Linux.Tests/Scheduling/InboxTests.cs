using Hitless.Linux.Scheduling;

namespace Hitless.Linux.Tests.Scheduling;

public sealed class InboxTests
{
    [Fact]
    public void Each_writers_items_come_once_and_in_their_order()
    {
        const int Writers = 4,
            Items = 200_000;
        var inbox = new Inbox<(int Writer, int Item)>();
        var threads = Enumerable
            .Range(0, Writers)
            .Select(writer => new Thread(() =>
            {
                for (var item = 0; item < Items; item++)
                {
                    inbox.Put((writer, item));
                }
            }))
            .ToArray();
        Array.ForEach(threads, thread => thread.Start());
        var expected = new int[Writers];
        for (var left = Writers * Items; left > 0; )
        {
            if (inbox.TryTake(out var taken))
            {
                Assert.Equal(expected[taken.Writer]++, taken.Item);
                left--;
            }
        }

        Assert.False(inbox.TryTake(out _));
        Array.ForEach(threads, thread => thread.Join());
    }
}
