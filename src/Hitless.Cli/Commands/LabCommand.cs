using System.CommandLine;
using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.InteropServices;
using Hitless.Cli.Display;

namespace Hitless.Cli.Commands;

/// <summary><c>lab …</c>: the lab is a program of its own, for it needs rights and packages that the CLI does not.</summary>
internal static class LabCommand
{
    /// <summary>For the help only; what follows <c>lab</c> is never parsed here.</summary>
    public static Command Make() =>
        new("lab", "A cluster in network namespaces on this machine (up, down, status, exec, traffic, fault, demo)");

    /// <summary>
    /// Runs <c>hitless-lab</c> (beside this program, else on PATH) with our standard input, output and error; returns its exit code.
    /// </summary>
    public static async Task<int> RunAsync(string[] args, Screen screen, CancellationToken cancel)
    {
        var beside = Path.Combine(AppContext.BaseDirectory, "hitless-lab");
        try
        {
            using var lab = Process.Start(
                new ProcessStartInfo(File.Exists(beside) ? beside : "hitless-lab", args) { UseShellExecute = false }
            )!;

            // Ctrl-C reaches the lab as well, which cleans up: its end is ours.
            using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, signal => signal.Cancel = true);
            await lab.WaitForExitAsync(cancel);
            return lab.ExitCode;
        }
        catch (Win32Exception)
        {
            screen.Refuse(
                new(
                    "the program hitless-lab is not there",
                    "install the program hitless-lab beside hitless or on PATH (./dev build leaves it in out/)"
                )
            );
            return ExitCode.Refused;
        }
    }
}
