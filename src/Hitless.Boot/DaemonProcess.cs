using System.Diagnostics;
using Hitless.Core.Firmware;
using Hitless.Firmware.Slots;
using Hitless.Linux.Processes;

namespace Hitless.Boot;

/// <summary>One run of the daemon from a slot. Its output is ours; it leads no terminal and no process group of its own.</summary>
internal sealed class DaemonProcess : IDisposable
{
    private readonly Process process;
    private readonly long startedAt = Stopwatch.GetTimestamp();

    private DaemonProcess(Process process) => this.process = process;

    public int Id => process.Id;

    /// <summary>128 + the signal's number if a signal ended it.</summary>
    public int ExitCode => process.ExitCode;

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
        try
        {
            daemon = new DaemonProcess(Process.Start(start)!);
            return true;
        }
        catch (Exception e) when (e is System.ComponentModel.Win32Exception or IOException)
        {
            why = e.Message;
            return false;
        }
    }

    public Task ExitedAsync() => process.WaitForExitAsync(CancellationToken.None);

    /// <summary>Sends SIGHUP, on which the daemon ends for a restart in service.</summary>
    public void HangUp() => Signal.TrySend(process.Id, Signal.HangUp);

    /// <summary>Asks with SIGTERM, and kills what is still there after <paramref name="patience"/>.</summary>
    public async Task StopAsync(TimeSpan patience)
    {
        if (!process.HasExited)
        {
            Signal.TrySend(process.Id, Signal.Terminate);
            var exited = ExitedAsync();
            if (await Task.WhenAny(exited, Task.Delay(patience)) != exited)
            {
                process.Kill(entireProcessTree: true);
                await exited;
            }
        }
    }

    public void Dispose() => process.Dispose();

    private static void AddOption(ProcessStartInfo start, string name, string? value)
    {
        if (value is not null)
        {
            start.ArgumentList.Add(name);
            start.ArgumentList.Add(value);
        }
    }
}
