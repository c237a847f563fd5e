using Hitless.Core.Api;

namespace Hitless.Daemon.Common;

/// <summary>
/// Work that goes on for as long as the daemon does. What ends it unexpectedly is said in an event, and it is begun again: nothing that a
/// unit has to do may stop without anybody's knowledge.
/// </summary>
public static class StandingTask
{
    private static readonly TimeSpan RestartDelay = TimeSpan.FromSeconds(1);

    /// <summary>Begins <paramref name="work"/>, on the thread pool.</summary>
    /// <param name="name">What the work is, for the event: "the audit of sessions".</param>
    /// <param name="work">Ends when it is cancelled, or when there is nothing left to do.</param>
    /// <param name="events">Takes what ended it.</param>
    /// <param name="ending">Ends it.</param>
    /// <param name="restartDelay">How long it rests before it is begun again; a second.</param>
    public static Task Run(string name, Func<Task> work, EventLog events, CancellationToken ending, TimeSpan? restartDelay = null) =>
        Task.Run(async () =>
        {
            while (true)
            {
                try
                {
                    await work();
                    return;
                }
                catch (Exception e) when (!ending.IsCancellationRequested)
                {
                    events.Add(EventKinds.Unit, $"{name} failed and is begun again: {e.GetType().Name}, {e.Message}");
                }

                await Task.Delay(restartDelay ?? RestartDelay, ending);
            }
        });
}
