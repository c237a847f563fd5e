using System.ComponentModel;
using System.Diagnostics;
using System.Text;
using Hitless.Core.Firmware;

namespace Hitless.Firmware.Slots;

/// <summary>Runs the command <c>rauc</c>, which asks RAUC's service over D-Bus. Bounded in time.</summary>
/// <param name="program">The command, looked for in PATH if it is no path.</param>
public sealed class RaucCommand(string program)
{
    private static readonly TimeSpan AnswerMax = TimeSpan.FromSeconds(20);

    /// <summary>As a run waits for the step of installing.</summary>
    private static readonly TimeSpan InstallMax = TimeSpan.FromMinutes(10);

    /// <summary>What RAUC says of its slots.</summary>
    public bool TryReadStatus(out RaucStatus status, out ImageProblem? problem)
    {
        status = null!;
        problem = Run(["status", "--detailed", "--output-format=json"], AnswerMax, static _ => { }, out var output);
        return problem is null && RaucStatus.TryRead(Encoding.UTF8.GetBytes(output), out status!, out problem);
    }

    public ImageProblem? Mark(RaucMark mark) => Run(["status", mark.Verb, mark.Slot], AnswerMax, static _ => { }, out _);

    /// <summary>Has the bundle written into the slot that does not run.</summary>
    public ImageProblem? Install(string bundle, Action<string> tell) =>
        Run(
            ["install", "--progress", bundle],
            InstallMax,
            line =>
            {
                if (RaucRules.TryReadProgress(line, out var percent, out var what))
                {
                    tell($"RAUC, {percent} %: {what}");
                }
            },
            out _
        );

    private ImageProblem? Run(string[] arguments, TimeSpan limit, Action<string> line, out string output)
    {
        var (said, complained) = (new StringBuilder(), new StringBuilder());
        output = "";
        using var process = new Process
        {
            StartInfo = new ProcessStartInfo(program, arguments)
            {
                UseShellExecute = false,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            },
        };
        process.StartInfo.Environment["LC_ALL"] = "C";
        process.OutputDataReceived += (_, e) =>
        {
            said.AppendLine(e.Data);
            line(e.Data ?? "");
        };
        process.ErrorDataReceived += (_, e) => complained.AppendLine(e.Data);
        try
        {
            process.Start();
        }
        catch (Win32Exception e)
        {
            return new ImageProblem(
                ImageFault.NotAllowed,
                $"{program} cannot be started: {e.Message}",
                "install it: apt-get install rauc rauc-service; or say unit.slots: directory"
            );
        }

        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        if (!process.WaitForExit(limit))
        {
            process.Kill(entireProcessTree: true);
            return new ImageProblem(
                ImageFault.DiskError,
                $"rauc {arguments[0]} did not end within {limit.TotalSeconds} s",
                "its service's log tells more: journalctl -u rauc"
            );
        }

        // The streams' ends come after the exit.
        process.WaitForExit();
        output = said.ToString();
        return process.ExitCode == 0 ? null : RaucRules.Explain($"{complained}\n{said}");
    }
}
