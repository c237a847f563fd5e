using System.Diagnostics;

namespace Hitless.Linux.Tests;

/// <summary>Runs the distribution's own programs, so that tests ask somebody else than us what the kernel holds.</summary>
internal static class Shell
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(30);

    /// <summary>Runs a script with /bin/sh and returns what it printed.</summary>
    internal static string Run(string script)
    {
        var (exitCode, output) = Try(script);
        return exitCode == 0 ? output : throw new InvalidOperationException($"exit {exitCode}: {script}\n{output}");
    }

    internal static (int ExitCode, string Output) Try(string script)
    {
        using var process = Start(script);
        return Finish(process);
    }

    internal static Process Start(string script)
    {
        var start = new ProcessStartInfo("/bin/sh") { RedirectStandardOutput = true, UseShellExecute = false };
        start.ArgumentList.Add("-c");
        start.ArgumentList.Add($"exec 2>&1\n{script}");
        return Process.Start(start)!;
    }

    internal static (int ExitCode, string Output) Finish(Process process)
    {
        var output = process.StandardOutput.ReadToEndAsync();
        if (!process.WaitForExit(Timeout))
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"not done within {Timeout.TotalSeconds} s");
        }

        return (process.ExitCode, output.Result);
    }
}
