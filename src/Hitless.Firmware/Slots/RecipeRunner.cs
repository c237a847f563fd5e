using System.ComponentModel;
using System.Diagnostics;
using Hitless.Core.Firmware;

namespace Hitless.Firmware.Slots;

/// <summary>
/// Runs the commands of a <see cref="SystemRecipe"/>: one at a time, also across a restart of the daemon in the middle of one, at a lower
/// priority than what forwards, bounded in time. What they print is in a file.
/// </summary>
internal sealed class RecipeRunner(string stateFolder)
{
    private const int TailBytes = 600;
    private static readonly TimeSpan KillPatience = TimeSpan.FromSeconds(5);

    /// <summary>What the commands of the last change have printed.</summary>
    public string Log { get; } = Path.Combine(stateFolder, "system.log");

    /// <summary>Runs one in the folder of a slot; a failure says how it ended and what it said last.</summary>
    public ImageProblem? Run(string what, string command, SystemRecipe recipe, string folder)
    {
        var start = new ProcessStartInfo("/usr/bin/flock")
        {
            ArgumentList =
            {
                "--wait",
                $"{recipe.LimitSeconds}",
                Path.Combine(stateFolder, "system.lock"),
                "nice",
                "--adjustment=10",
                "/bin/sh",
                "-c",
                $"exec >>\"$HITLESS_LOG\" 2>&1 </dev/null; echo \"--- $(date -u +%FT%TZ) {what}\"; {command}",
            },
            WorkingDirectory = folder,
            UseShellExecute = false,
        };
        start.Environment["HITLESS_LOG"] = Log;
        start.Environment["HITLESS_STATE"] = stateFolder;
        start.Environment["HITLESS_RECIPE"] = Path.Combine(folder, SystemRecipe.Folder);
        start.Environment["LC_ALL"] = "C";
        try
        {
            using var process = Process.Start(start)!;
            if (process.WaitForExit(TimeSpan.FromSeconds(recipe.LimitSeconds)))
            {
                return process.ExitCode == 0 ? null : Failed(what, $"ended with {process.ExitCode}");
            }

            process.Kill(entireProcessTree: true);
            process.WaitForExit(KillPatience);
            return Failed(what, $"did not end within {recipe.LimitSeconds} s and was killed");
        }
        catch (Win32Exception e)
        {
            return Failed(what, $"could not be started: {e.Message}");
        }
    }

    private ImageProblem Failed(string what, string how) =>
        new(ImageFault.NotAllowed, $"the image's recipe could not {what}: its command {how}{Tail()}", $"all that it said is in {Log}");

    private string Tail()
    {
        try
        {
            using var log = File.OpenRead(Log);
            log.Seek(-Math.Min(TailBytes, log.Length), SeekOrigin.End);
            var lines = new StreamReader(log).ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries);
            var last = lines.LastOrDefault(line => !line.StartsWith("--- ", StringComparison.Ordinal)) ?? "";
            return last.Length == 0 ? "" : $" (\"{new string([.. last.Where(c => !char.IsControl(c))])}\")";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }
}
