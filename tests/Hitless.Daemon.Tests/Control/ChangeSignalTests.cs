using Hitless.Daemon.Common;
using Xunit;

namespace Hitless.Daemon.Tests.Control;

public sealed class ChangeSignalTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_change_between_taking_and_waiting_is_not_lost()
    {
        var signal = new ChangeSignal();
        var change = signal.Next;
        signal.Raise();

        await ChangeSignal.WaitAsync(change, Timeout.InfiniteTimeSpan, Cancel);
        Assert.False(signal.Next.IsCompleted);
    }

    [Fact]
    public async Task Everybody_who_waits_is_woken()
    {
        var signal = new ChangeSignal();
        var waits = Task.WhenAll(Enumerable.Range(0, 3).Select(_ => ChangeSignal.WaitAsync(signal.Next, Timeout.InfiniteTimeSpan, Cancel)));
        Assert.False(waits.IsCompleted);
        signal.Raise();

        await waits;
    }

    [Fact]
    public async Task Patience_ends_and_a_cancelled_wait_says_so()
    {
        var signal = new ChangeSignal();
        await ChangeSignal.WaitAsync(signal.Next, TimeSpan.Zero, Cancel);
        using var over = new CancellationTokenSource();
        await over.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            ChangeSignal.WaitAsync(signal.Next, Timeout.InfiniteTimeSpan, over.Token)
        );
    }
}
