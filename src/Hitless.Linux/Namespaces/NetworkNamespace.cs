using System.Runtime.ExceptionServices;
using Hitless.Linux.Native;

namespace Hitless.Linux.Namespaces;

/// <summary>
/// Runs code inside a named network namespace (<c>ip netns</c>). A namespace belongs to a thread: sockets, netlink, <c>/proc/sys/net</c> and child
/// processes of the action's own thread are in it; what the action hands to other threads or tasks is not.
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
    public static T Run<T>(string name, Func<T> function)
    {
        T result = default!;
        ExceptionDispatchInfo? failure = null;
        var thread = new Thread(() =>
        {
            try
            {
                Enter(name);
                result = function();
            }
            catch (Exception exception)
            {
                failure = ExceptionDispatchInfo.Capture(exception);
            }
        })
        {
            Name = $"netns {name}",
            IsBackground = true,
        };
        thread.Start();
        thread.Join();
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
}
