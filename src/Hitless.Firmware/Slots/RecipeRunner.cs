using System.ComponentModel;
using System.Diagnostics;
using Hitless.Core.Firmware;
using Hitless.Core.Rights;

namespace Hitless.Firmware.Slots;

/// <summary>
/// Runs the commands of a <see cref="SystemRecipe"/>: one at a time, also across a restart of the daemon in the middle of one, at a lower
/// priority than what forwards, bounded in time. What they print is in a file.
/// </summary>
public sealed class RecipeRunner(string stateFolder) : IRecipeShell
{
    private const int TailBytes = 600;
    private static readonly TimeSpan KillPatience = TimeSpan.FromSeconds(5);

    /// <inheritdoc/>
    public string Log { get; } = Path.Combine(stateFolder, "system.log");

    /// <inheritdoc/>
    public ImageProblem? Run(RecipeAct act, SystemRecipe recipe, Slot slot, bool unpacking) =>
        CommandOf(act, recipe) is { } command ? Run(WordsOf(act), command, recipe, SlotStore.FolderOf(stateFolder, slot, unpacking)) : null;

    /// <summary>The recipe's command for an act; null: it has none.</summary>
    public static string? CommandOf(RecipeAct act, SystemRecipe recipe) =>
        act switch
        {
            RecipeAct.Stage => recipe.Stage,
            RecipeAct.Install => recipe.Install,
            RecipeAct.Check => recipe.Check,
            _ => recipe.Revert,
        };

    private static string WordsOf(RecipeAct act) =>
        act switch
        {
            RecipeAct.Stage => "be prepared",
            RecipeAct.Install => "change the system",
            RecipeAct.Check => "find the system as it should be",
            _ => "bring the former system back",
        };

    private ImageProblem? Run(string what, string command, SystemRecipe recipe, string folder)
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
