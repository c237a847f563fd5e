using Hitless.Linux.Polling;

namespace Hitless.Linux.Scheduling;

/// <summary>
/// A thread that does what others hand to it, one after the other. Handing over waits for nothing, so a real-time thread hands here
/// whatever touches the thread pool: who queues work there may have to start another thread of the pool, and waits until that runs. Where
/// the one who waits is real-time and the machine is busy, this takes a hundred milliseconds.
/// </summary>
public sealed class WorkThread : IDisposable
{
    private readonly Inbox<Action> work = new();
    private readonly Thread thread;

    // Not disposed of: who hands something over at the very end may still wake it.
    private readonly Poller poller = new();
    private volatile bool ending;

    /// <summary>Starts it, in the network namespace of the calling thread.</summary>
    /// <param name="name">For who looks at the process.</param>
    public WorkThread(string name)
    {
        thread = new Thread(Run) { Name = name, IsBackground = true };
        thread.Start();
    }

    /// <summary>
    /// From any thread; costs two small objects and a system call. What is handed over after <see cref="Dispose"/> is not done.
    /// </summary>
    public void Do(Action what)
    {
        work.Put(what);
        poller.WakeUp();
    }

    /// <summary>Ends the thread when it has done all that it was given. Not from within its own work.</summary>
    public void Dispose()
    {
        ending = true;
        poller.WakeUp();
        thread.Join();
    }

    private void Run()
    {
        while (true)
        {
            var last = ending;
            while (work.TryTake(out var what))
            {
                what();
            }

            if (last)
            {
                return;
            }

            poller.WaitForEver([]);
        }
    }
}
