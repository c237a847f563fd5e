using System.Runtime.InteropServices;
using Hitless.Linux.Native;

namespace Hitless.Linux.Polling;

/// <summary>
/// Waits for one of several descriptors to become readable (<c>epoll(7)</c>, level-triggered), for a deadline of sub-millisecond
/// resolution, or for <see cref="WakeUp"/> from another thread. Waiting allocates nothing.
/// </summary>
public sealed unsafe class Poller : IDisposable
{
    private const int EventsMax = 32;
    private const int ControlAdd = 1;
    private const int ControlDelete = 2;
    private const uint EventReadable = 1;
    private const uint EventError = 8;
    private const long WakeUpToken = -1;

    // struct epoll_event is packed on x86-64 only.
    private static readonly int EventBytes = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 12 : 16;
    private static readonly int DataOffset = EventBytes - sizeof(long);

    private readonly FileDescriptor _epoll = Libc.EpollCreate(Libc.OpenCloseOnExec);
    private readonly FileDescriptor _wakeUp = Libc.EventFd(0, Libc.OpenCloseOnExec | Libc.SocketNonBlocking);

    private uint _errors;

    /// <exception cref="IOException">The system is out of descriptors.</exception>
    public Poller()
    {
        if (_epoll.IsInvalid || _wakeUp.IsInvalid)
        {
            throw new IOException($"cannot make a poller: {Errno.Words(Errno.Last)}");
        }

        Control(_wakeUp, ControlAdd, WakeUpToken);
    }

    /// <summary>
    /// Watches a descriptor; <paramref name="token"/> (not negative) is what <see cref="Wait"/> tells when it is readable, has an error, or
    /// was closed by the peer.
    /// </summary>
    /// <exception cref="IOException">The kernel refuses.</exception>
    public void Add(SafeHandle handle, int token)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(token);
        Control(handle, ControlAdd, token);
    }

    /// <summary>
    /// The last <see cref="Wait"/> told an error of the token at that place: what a socket made with <c>Refusals</c> then has to tell
    /// (EPOLLERR).
    /// </summary>
    public bool HasError(int place) => (_errors >> place & 1) != 0;

    /// <summary>Watches it no longer. A descriptor that is closed leaves by itself.</summary>
    /// <exception cref="IOException">It was not watched.</exception>
    public void Remove(SafeHandle handle) => Control(handle, ControlDelete, 0);

    /// <summary>Waits until something is ready or <see cref="WakeUp"/>, however long that takes.</summary>
    /// <param name="ready">As for the other one.</param>
    public int WaitForEver(Span<int> ready) => Wait(null, ready);

    /// <summary>Waits until something is ready, the time is over, or <see cref="WakeUp"/>; one of the latter two if it returns 0.</summary>
    /// <param name="timeout">
    /// How long at most; zero or less looks only, and no such time means anything else: a deadline that has passed by whatever it may be is
    /// one that has passed (<see cref="Timeout.InfiniteTimeSpan"/> is -1 ms).
    /// </param>
    /// <param name="ready">Receives the tokens; what does not fit is told by the next call.</param>
    /// <returns>How many tokens were written.</returns>
    public int Wait(TimeSpan timeout, Span<int> ready) => Wait(Math.Max(timeout.Ticks, 0), ready);

    private int Wait(long? timeoutTicks, Span<int> ready)
    {
        var events = stackalloc byte[EventsMax * EventBytes];
        var ticks = timeoutTicks ?? 0;
        var time = new Libc.TimeSpec
        {
            Seconds = ticks / TimeSpan.TicksPerSecond,
            Nanoseconds = ticks % TimeSpan.TicksPerSecond * TimeSpan.NanosecondsPerTick,
        };
        var count = Libc.EpollWait(_epoll, events, Math.Clamp(ready.Length, 1, EventsMax), timeoutTicks is null ? null : &time, null);
        if (count < 0)
        {
            return Errno.Last == Errno.Interrupted ? 0 : throw new InvalidOperationException($"epoll: {Errno.Words(Errno.Last)}");
        }

        var written = 0;
        _errors = 0;
        for (var i = 0; i < count; i++)
        {
            var token = *(long*)(events + (i * EventBytes) + DataOffset);
            if (token == WakeUpToken)
            {
                ulong ignored;
                _ = Libc.Read(_wakeUp, &ignored, sizeof(ulong));
            }
            else
            {
                _errors |= (*(uint*)(events + (i * EventBytes)) & EventError) != 0 ? 1u << written : 0;
                ready[written++] = (int)token;
            }
        }

        return written;
    }

    /// <summary>Makes the running or the next <see cref="Wait"/> return. From any thread.</summary>
    public void WakeUp()
    {
        var one = 1UL;
        _ = Libc.Write(_wakeUp, &one, sizeof(ulong));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _wakeUp.Dispose();
        _epoll.Dispose();
    }

    private void Control(SafeHandle handle, int operation, long token)
    {
        var entry = stackalloc byte[EventBytes];
        *(uint*)entry = EventReadable;
        *(long*)(entry + DataOffset) = token;
        if (Libc.EpollControl(_epoll, operation, handle, entry) < 0)
        {
            throw new IOException($"cannot change what the poller watches: {Errno.Words(Errno.Last)}");
        }
    }
}
