using System.IO.Pipes;

namespace Hitless.Boot;

/// <summary>
/// The daemon's word that its loops turn: a byte through a pipe every few seconds. One that has given it and falls silent hangs. A version
/// that never gives it is left alone, and so is one that another hitless-boot started.
/// </summary>
internal sealed class DaemonPulse : IDisposable
{
    private readonly AnonymousPipeServerStream _pipe = new(PipeDirection.In, HandleInheritability.Inheritable);

    /// <summary>Names the pipe's other end to the child that inherits it.</summary>
    public string Handle => _pipe.GetClientHandleAsString();

    /// <summary>The child has it: this process keeps no copy, so that the pipe ends with the child.</summary>
    public void WasInherited() => _pipe.DisposeLocalCopyOfClientHandle();

    /// <summary>Ends when nothing has come for <paramref name="limit"/> after something had; never for a daemon that has ended.</summary>
    public async Task FailsAsync(TimeSpan limit)
    {
        var bytes = new byte[64];
        for (var heard = false; ; heard = true)
        {
            var read = _pipe.ReadAsync(bytes).AsTask();
            if (heard && await Task.WhenAny(read, Task.Delay(limit)) != read)
            {
                return;
            }

            if (await read == 0)
            {
                await Task.Delay(Timeout.InfiniteTimeSpan);
            }
        }
    }

    public void Dispose() => _pipe.Dispose();
}
