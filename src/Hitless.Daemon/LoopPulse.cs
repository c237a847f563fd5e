using System.IO.Pipes;
using Hitless.Daemon.Control;
using Hitless.Daemon.Sessions;
using Hitless.Firmware.Slots;
using Hitless.Linux.Processes;

namespace Hitless.Daemon;

/// <summary>
/// Tells <c>hitless-boot</c> that the loops turn, which starts a daemon anew that no longer says so. Nothing is told where nobody asked
/// (<see cref="SlotStore.PulseVariable"/>).
/// </summary>
internal static class LoopPulse
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    /// <summary>Tells until cancelled, or until the unit has left the cluster.</summary>
    public static async Task RunAsync(ControlLoop control, SessionLoop sessions, CancellationToken cancel)
    {
        if (
            Environment.GetEnvironmentVariable(SlotStore.PulseVariable) is not { } handle
            || !InheritedDescriptor.TryKeepFromChildren(handle)
        )
        {
            return;
        }

        try
        {
            await using var pipe = new AnonymousPipeClientStream(PipeDirection.Out, handle);
            while (!control.Stopped.IsCompleted)
            {
                _ = await control.ViewAsync();
                _ = await sessions.StatusAsync();
                await pipe.WriteAsync(new byte[1], cancel);
                await Task.Delay(Interval, cancel);
            }
        }
        catch (Exception e) when (e is IOException or ArgumentException || (e is OperationCanceledException && control.Stopped.IsCompleted))
        {
            // A hitless-boot that was replaced meanwhile does not listen; and who has left the cluster is about to end.
        }
    }
}
