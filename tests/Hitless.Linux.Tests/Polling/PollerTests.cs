using Hitless.Linux.Polling;
using Hitless.Linux.Scheduling;

namespace Hitless.Linux.Tests.Polling;

public sealed class PollerTests
{
    [Fact]
    public void A_wake_up_from_another_thread_ends_the_wait_and_is_used_up()
    {
        using var poller = new Poller();
        var waker = new Thread(poller.WakeUp);
        waker.Start();

        Assert.Equal(0, poller.WaitForEver(stackalloc int[1]));
        waker.Join();
        Assert.Equal(0, poller.Wait(TimeSpan.Zero, stackalloc int[1]));
    }

    /// <summary>The second is what .NET calls "for ever".</summary>
    [Theory]
    [InlineData(-1)]
    [InlineData(-10_000)]
    [InlineData(long.MinValue)]
    public void A_deadline_that_has_passed_is_not_waited_for(long ticks)
    {
        using var poller = new Poller();
        var returned = new ManualResetEventSlim();
        var waiter = new Thread(() =>
        {
            poller.Wait(TimeSpan.FromTicks(ticks), stackalloc int[1]);
            returned.Set();
        });
        waiter.Start();

        var ended = returned.Wait(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);
        poller.WakeUp();
        waiter.Join();
        Assert.True(ended);
    }

    [Fact]
    public void A_wait_is_as_long_as_asked_and_not_shorter()
    {
        using var poller = new Poller();
        var before = MonotonicClock.Now;

        poller.Wait(TimeSpan.FromMicroseconds(300), stackalloc int[1]);

        Assert.True(MonotonicClock.Now - before >= TimeSpan.FromMicroseconds(300));
    }

    [Fact]
    public void Real_time_scheduling_is_entered_or_the_reason_is_said()
    {
        string? refusal = "not run";
        string? outOfRange = null;
        var thread = new Thread(() =>
        {
            outOfRange = RealTime.TryEnter(1000);
            refusal = RealTime.TryEnter(10);
        });
        thread.Start();
        thread.Join();

        Assert.Contains("Invalid argument", outOfRange, StringComparison.Ordinal);
        Assert.True(refusal is null || refusal.Contains("CAP_SYS_NICE", StringComparison.Ordinal), refusal);
    }
}
