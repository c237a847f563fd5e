using System.Runtime.ExceptionServices;
using Hitless.Linux.Native;

namespace Hitless.Linux.Namespaces;

/// <summary>
/// Runs code inside a named network namespace (<c>ip netns</c>). A namespace belongs to a thread: sockets, netlink, <c>/proc/sys/net</c>
/// and child processes of the action's own thread are in it; what the action hands to other threads or tasks is not.
/// </summary>
public static class NetworkNamespace
{
    private const string Folder = "/run/netns";

    /// <summary>Runs the action on a thread of its own inside the namespace, waits for it, and passes on its exception.</summary>
    /// <exception cref="IOException">There is no such namespace, or this process may not enter it.</exception>
    public static void Run(string name, Action action) => Run(name, () =>
        {
            action();
            return true;
        });

    /// <inheritdoc cref="Run(string, Action)"/>
    public static T Run<T>(string name, Func<T> function) => Run($"netns {name}", () => Enter(name), function);

    /// <summary>
    /// Runs the function on a thread of its own inside a new namespace with nothing in it: a program that it starts reaches no network, and
    /// changes none.
    /// </summary>
    /// <exception cref="IOException">This process may not make one (it takes CAP_SYS_ADMIN).</exception>
    public static T RunInEmpty<T>(Func<T> function) => Run("netns", EnterEmpty, function);

    private static T Run<T>(string thread, Action enter, Func<T> function)
    {
        T result = default!;
        ExceptionDispatchInfo? failure = null;
        var inside = new Thread(() =>
        {
            try
            {
                enter();
                result = function();
            }
            catch (Exception exception)
            {
                failure = ExceptionDispatchInfo.Capture(exception);
            }
        })
        {
            Name = thread,
            IsBackground = true,
        };
        inside.Start();
        inside.Join();
        failure?.Throw();
        return result;
    }

    /// <summary>Moves the calling thread into the namespace for good: only for a thread that the caller made for this.</summary>
    /// <exception cref="IOException">There is no such namespace, or this process may not enter it.</exception>
    public static void Enter(string name)
    {
        var path = Path.Combine(Folder, name);
        using var descriptor = Libc.Open(path, Libc.OpenReadOnly | Libc.OpenCloseOnExec);
        if (descriptor.IsInvalid || Libc.SetNamespace(descriptor, Libc.CloneNewNet) < 0)
        {
            throw new IOException($"cannot enter the network namespace {path}: {Errno.Words(Errno.Last)}");
        }
    }

    private static void EnterEmpty()
    {
        if (Libc.Unshare(Libc.CloneNewNet) < 0)
        {
            throw new IOException($"cannot make a network namespace: {Errno.Words(Errno.Last)}");
        }
    }
}
