namespace Hitless.Daemon.Common;

/// <summary>
/// Lets any number of tasks wait for the next change of something, so that nobody has to look at it again and again. Take
/// <see cref="Next"/> first, then look, then wait: a change between the two ends the wait at once.
/// </summary>
public sealed class ChangeSignal
{
    private TaskCompletionSource next = New();

    /// <summary>Ends with the next change.</summary>
    public Task Next => Volatile.Read(ref next).Task;

    /// <summary>It has changed. From any thread but a real-time one: who waits is woken on the thread pool.</summary>
    public void Raise() => Interlocked.Exchange(ref next, New()).TrySetResult();

    /// <summary>
    /// Waits for a change that was taken with <see cref="Next"/>, at most so long (<see cref="Timeout.InfiniteTimeSpan"/>: for ever).
    /// </summary>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public static async Task WaitAsync(Task change, TimeSpan atMost, CancellationToken cancel)
    {
        await change.WaitAsync(atMost, cancel).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cancel.ThrowIfCancellationRequested();
    }

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
