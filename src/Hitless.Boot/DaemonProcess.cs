using System.Diagnostics;
using Hitless.Core.Firmware;
using Hitless.Firmware.Slots;
using Hitless.Linux.Processes;

namespace Hitless.Boot;

/// <summary>
/// One run of the daemon from a slot: started here, or by the hitless-boot whose process this is (<see cref="OwnProgram"/>). Its output is
/// ours; it leads no terminal and no process group of its own.
/// </summary>
internal sealed class DaemonProcess
{
    private readonly long startedAt = Stopwatch.GetTimestamp();

    private DaemonProcess(int id, Task<int> exited, Task hangs) => (Id, Exited, Hangs) = (id, exited, hangs);

    public int Id { get; }

    /// <summary>Ends with the daemon: its exit code, or 128 + the signal's number if a signal ended it.</summary>
    public Task<int> Exited { get; }

    /// <summary>Ends when the daemon no longer says that its loops turn, though it did (<see cref="DaemonPulse"/>).</summary>
    public Task Hangs { get; }

    /// <summary>Takes over a daemon that runs; null: it is no child of this process.</summary>
    public static DaemonProcess? Adopt(int id) =>
        ChildProcess.IsOurs(id) ? new DaemonProcess(id, ChildProcess.ExitAsync(id), Task.Delay(Timeout.Infinite)) : null;

    public TimeSpan Ran => Stopwatch.GetElapsedTime(startedAt);

    /// <summary>Starts the entry point of a slot; false with the reason if the system refuses.</summary>
    public static bool TryStart(SlotStore slots, Slot slot, BootOptions options, out DaemonProcess daemon, out string why)
    {
        var program = options.System ?? Path.Combine(slots.FolderOf(slot), slots.ManifestIn(slot)?.EntryPoint ?? "hitlessd");
        var start = new ProcessStartInfo(program) { UseShellExecute = false };
        AddOption(start, "--config", options.Config);
        AddOption(start, "--state", options.State);
        AddOption(start, "--socket", options.Socket);
        foreach (var argument in options.DaemonArguments)
        {
            start.ArgumentList.Add(argument);
        }

        start.Environment[SlotStore.KindVariable] = slots.Backend.Name;
        start.Environment[SlotStore.RebootVariable] = options.RebootCommand is null ? "no" : "yes";
        if (!slots.Backend.HoldsSystems || slots.Backend.Booted == slot)
        {
            start.Environment[SlotStore.SlotVariable] = BootState.NameOf(slot);
        }

        (daemon, why) = (null!, "");
        var pulse = new DaemonPulse();
        start.Environment[SlotStore.PulseVariable] = pulse.Handle;
        try
        {
            var process = Process.Start(start)!;
            pulse.WasInherited();
            daemon = new DaemonProcess(process.Id, ExitOfAsync(process, pulse), pulse.FailsAsync(options.PulseTimeout));
            return true;
        }
        catch (Exception e) when (e is System.ComponentModel.Win32Exception or IOException)
        {
            pulse.Dispose();
            why = e.Message;
            return false;
        }
    }

    /// <summary>Sends SIGHUP, on which the daemon ends for a restart in service.</summary>
    public void HangUp() => Signal.TrySend(Id, Signal.HangUp);

    /// <summary>Asks with SIGTERM, and kills what is still there after <paramref name="patience"/>.</summary>
    public async Task StopAsync(TimeSpan patience)
    {
        if (Exited.IsCompleted)
        {
            return;
        }

        Signal.TrySend(Id, Signal.Terminate);
        if (await Task.WhenAny(Exited, Task.Delay(patience)) != Exited)
        {
            Kill();
            await Exited;
        }
    }

    private static async Task<int> ExitOfAsync(Process process, DaemonPulse pulse)
    {
        using (pulse)
        using (process)
        {
            await process.WaitForExitAsync(CancellationToken.None);
            return process.ExitCode;
        }
    }

    /// <summary>Ends it at once, and what it has started.</summary>
    public void Kill()
    {
        try
        {
            using var process = Process.GetProcessById(Id);
            process.Kill(entireProcessTree: true);
        }
        catch (ArgumentException)
        {
            // It has just ended.
        }
    }

    private static void AddOption(ProcessStartInfo start, string name, string? value)
    {
        if (value is not null)
        {
            start.ArgumentList.Add(name);
            start.ArgumentList.Add(value);
        }
    }
}
