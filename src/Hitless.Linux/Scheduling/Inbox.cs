namespace Hitless.Linux.Scheduling;

/// <summary>
/// What many threads hand to one real-time thread. The reader never waits for a writer: a <c>ConcurrentQueue</c>'s reader spins while a
/// writer has reserved a place and not filled it yet, and where a SCHED_FIFO thread spins, that writer does not run: until the kernel
/// throttles real-time threads (950 ms of a second).
/// </summary>
public sealed class Inbox<T>
{
    private Node? newest;
    private Node? next;

    /// <summary>From any thread; allocates one small object.</summary>
    public void Put(T item)
    {
        // Once it is linked the node is the reader's, which turns it round at once.
        var node = new Node(item);
        Node? seen;
        do
        {
            seen = Volatile.Read(ref newest);
            node.Beside = seen;
        } while (Interlocked.CompareExchange(ref newest, node, seen) != seen);
    }

    /// <summary>The oldest item that is there; only for the one reader.</summary>
    public bool TryTake(out T item)
    {
        if (next is null)
        {
            // All of them, newest first: turned round.
            for (var taken = Interlocked.Exchange(ref newest, null); taken is not null; )
            {
                (taken.Beside, next, taken) = (next, taken, taken.Beside);
            }
        }

        if (next is null)
        {
            item = default!;
            return false;
        }

        item = next.Item;
        next = next.Beside;
        return true;
    }

    private sealed class Node(T item)
    {
        public T Item { get; } = item;

        /// <summary>The older one while it is being put, the newer one once it is taken.</summary>
        public Node? Beside { get; set; }
    }
}
