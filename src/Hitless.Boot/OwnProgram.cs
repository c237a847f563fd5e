using System.Collections;
using System.Diagnostics;
using System.Globalization;
using Hitless.Core.Firmware;
using Hitless.Firmware.Images;
using Hitless.Linux.Processes;

namespace Hitless.Boot;

/// <summary>
/// A newer hitless-boot in the place of this one, in the same process, so that its child hitlessd goes on and never notices
/// (docs/decisions/0073). The new program is told of it by the environment.
/// </summary>
/// <param name="path">
/// Where this program lies, as it was when it began: the kernel's name for a file that was replaced since is another one.
/// </param>
internal sealed class OwnProgram(string path)
{
    private const string AdoptVariable = "HITLESS_ADOPT";
    private static readonly TimeSpan CheckTimeout = TimeSpan.FromSeconds(10);

    /// <summary>Puts the program that lies where ours lay into this process. Returns only if that cannot be: why.</summary>
    /// <param name="daemon">The process of hitlessd.</param>
    /// <param name="slot">The slot that it runs from.</param>
    /// <param name="log">Gets a line before the change.</param>
    public string Replace(int daemon, Slot slot, Action<string> log)
    {
        if (WhyNot() is { } why)
        {
            return why;
        }

        var environment = Environment
            .GetEnvironmentVariables()
            .Cast<DictionaryEntry>()
            .ToDictionary(each => (string)each.Key, each => (string?)each.Value ?? "", StringComparer.Ordinal);
        environment[AdoptVariable] = string.Create(CultureInfo.InvariantCulture, $"{daemon} {BootState.NameOf(slot)}");
        log($"{path} goes on in the place of this one; hitlessd is not touched");
        return ProcessImage.Replace(path, Environment.GetCommandLineArgs()[1..], environment);
    }

    /// <summary>The daemon that the program before this one in the same process has left; null: there is none.</summary>
    public static (DaemonProcess Daemon, Slot Slot)? TakeAdopted(Action<string> log)
    {
        if (Environment.GetEnvironmentVariable(AdoptVariable) is not { } told)
        {
            return null;
        }

        Environment.SetEnvironmentVariable(AdoptVariable, null);
        if (
            told.Split(' ') is [var number, var name]
            && int.TryParse(number, CultureInfo.InvariantCulture, out var id)
            && BootState.TryParseSlot(name, out var slot)
            && DaemonProcess.Adopt(id) is { } daemon
        )
        {
            log($"hitless-boot {RunningRelease.CompiledVersion} goes on with hitlessd of slot {name}, process {id}");
            return (daemon, slot);
        }

        log($"{AdoptVariable} is set, and names no child of this process: {told}");
        return null;
    }

    /// <summary>A program that does not even start here must not take our place: systemd would end everything.</summary>
    private string? WhyNot()
    {
        try
        {
            var start = new ProcessStartInfo(path, ["--version"]) { RedirectStandardOutput = true, UseShellExecute = false };
            using var check = Process.Start(start)!;
            if (!check.WaitForExit(CheckTimeout))
            {
                check.Kill();
                return $"{path} --version does not end";
            }

            return check.ExitCode == 0 ? null : $"{path} --version ended with {check.ExitCode}";
        }
        catch (Exception e) when (e is System.ComponentModel.Win32Exception or IOException)
        {
            return $"{path} cannot be started: {e.Message}";
        }
    }
}
