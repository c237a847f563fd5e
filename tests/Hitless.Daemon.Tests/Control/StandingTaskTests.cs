using Hitless.Core.Api;
using Hitless.Daemon.Common;
using Xunit;

namespace Hitless.Daemon.Tests.Control;

public sealed class StandingTaskTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("hitless-standing").FullName;
    private readonly EventLog events;
    private readonly CancellationTokenSource ending = new();

    public StandingTaskTests() => events = new EventLog(folder, "gw1");

    public void Dispose()
    {
        ending.Dispose();
        events.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task What_fails_is_said_and_begun_again_until_there_is_nothing_left_to_do()
    {
        var begun = 0;
        await StandingTask.Run(
            "the watch",
            () =>
                ++begun switch
                {
                    1 => throw new InvalidOperationException("at once"),
                    2 => Task.FromException(new IOException("later")),
                    3 => Task.FromException(new OperationCanceledException("not by us")),
                    _ => Task.CompletedTask,
                },
            events,
            ending.Token,
            TimeSpan.Zero
        );

        Assert.Equal(4, begun);
        var told = await ToldAsync();
        Assert.Equal(3, told.Count);
        Assert.Contains(told, text => text.Contains("the watch failed and is begun again: IOException, later", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Whoever_is_cancelled_ends_without_a_word()
    {
        var task = StandingTask.Run("the watch", () => Task.Delay(Timeout.Infinite, ending.Token), events, ending.Token);
        await ending.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => task);
        Assert.Empty(await ToldAsync());
    }

    [Fact]
    public async Task Cancelled_while_it_rests_it_is_not_begun_again()
    {
        var begun = 0;
        var task = StandingTask.Run(
            "the watch",
            () =>
            {
                begun++;
                ending.CancelAfter(TimeSpan.FromMilliseconds(20));
                throw new InvalidOperationException("it failed");
            },
            events,
            ending.Token,
            TimeSpan.FromMinutes(10)
        );
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => task);
        Assert.Equal(1, begun);
    }

    // Events are taken in by a thread of their own: all before this one.
    private async Task<List<string>> ToldAsync()
    {
        events.Add(EventKinds.Unit, "the last");
        List<string> told = [];
        await foreach (var happened in events.FollowAsync(0, TestContext.Current.CancellationToken))
        {
            if (happened.Text == "the last")
            {
                break;
            }

            told.Add(happened.Text);
        }

        return told;
    }
}
