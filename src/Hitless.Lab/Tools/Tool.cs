using System.Diagnostics;

namespace Hitless.Lab.Tools;

/// <summary>
/// Runs the distribution's programs (ip, nft, conntrack, sysctl, kill). With HITLESS_LAB_TRACE=1 each command is shown on standard error.
/// </summary>
public static class Tool
{
    private static readonly bool Trace = Environment.GetEnvironmentVariable("HITLESS_LAB_TRACE") == "1";

    /// <summary>Runs a program to its end and gives back what it said, whatever its exit code.</summary>
    public static ToolResult Try(string program, IEnumerable<string> arguments, string? input = null, TimeSpan? limit = null)
    {
        using var process = Start(program, arguments, redirectInput: true);
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        if (input is not null)
        {
            process.StandardInput.Write(input);
        }

        process.StandardInput.Close();
        if (!process.WaitForExit(limit ?? TimeSpan.FromMinutes(2)))
        {
            process.Kill(entireProcessTree: true);
            throw new LabException($"{program} did not end in time", "look at what it waits for with HITLESS_LAB_TRACE=1");
        }

        return new ToolResult(process.ExitCode, output.GetAwaiter().GetResult(), errors.GetAwaiter().GetResult());
    }

    /// <summary>
    /// The real-time priority of what must wait for no processor: above the units' own threads, whose lateness it measures.
    /// </summary>
    public const string UrgentPriority = "40";

    /// <summary>What to put before a command that must wait for no processor; empty where we may not.</summary>
    public static IReadOnlyList<string> Urgent { get; } =
        Try("chrt", ["-f", UrgentPriority, "true"]).Ok ? ["chrt", "-f", UrgentPriority] : [];

    /// <summary>As <see cref="Try"/>, but an exit code other than 0 is a <see cref="LabException"/>. Gives back standard output.</summary>
    public static string Run(string program, IEnumerable<string> arguments, string? input = null, TimeSpan? limit = null)
    {
        var words = arguments.ToArray();
        var result = Try(program, words, input, limit);
        return result.Ok
            ? result.Output
            : throw new LabException(
                $"`{program} {string.Join(' ', words)}` failed ({result.ExitCode}): {FirstLine(result.Errors, result.Output)}",
                "run again with HITLESS_LAB_TRACE=1 to see every command; `hitless lab down` cleans up"
            );
    }

    /// <summary>Runs a program with this process's own terminal and gives back its exit code.</summary>
    public static int Attach(string program, IEnumerable<string> arguments, IReadOnlyDictionary<string, string>? environment = null)
    {
        var start = new ProcessStartInfo(program, arguments) { UseShellExecute = false };
        foreach (var (name, value) in environment ?? new Dictionary<string, string>(StringComparer.Ordinal))
        {
            start.Environment[name] = value;
        }

        using var process = Launch(start);
        process.WaitForExit();
        return process.ExitCode;
    }

    /// <summary>As <see cref="Attach"/>, but ends the program when the time is over (null) or the call is cancelled.</summary>
    public static async Task<int?> AttachAsync(
        string program,
        IEnumerable<string> arguments,
        TimeSpan limit,
        CancellationToken cancellation
    )
    {
        using var process = Launch(new ProcessStartInfo(program, arguments) { UseShellExecute = false });
        try
        {
            await process.WaitForExitAsync(cancellation).WaitAsync(limit, cancellation);
            return process.ExitCode;
        }
        catch (TimeoutException)
        {
            return null;
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill();
            }
        }
    }

    /// <summary>Starts a program with redirected streams; the caller reads them and disposes of the process.</summary>
    public static Process Start(string program, IEnumerable<string> arguments, bool redirectInput)
    {
        return Launch(
            new ProcessStartInfo(program, arguments)
            {
                UseShellExecute = false,
                RedirectStandardInput = redirectInput,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            }
        );
    }

    private static Process Launch(ProcessStartInfo start)
    {
        if (Trace)
        {
            Console.Error.WriteLine($"+ {start.FileName} {string.Join(' ', start.ArgumentList)}");
        }

        try
        {
            return Process.Start(start) ?? throw new InvalidOperationException("Process.Start gave nothing");
        }
        catch (System.ComponentModel.Win32Exception missing)
        {
            throw new LabException($"cannot run {start.FileName}: {missing.Message}", Remedy(start.FileName));
        }
    }

    private static string Remedy(string program) =>
        Path.GetFileName(program) switch
        {
            "ip" => "apt-get install iproute2",
            "nft" => "apt-get install nftables",
            "sysctl" or "kill" => "apt-get install procps",
            "chrt" or "setsid" => "apt-get install util-linux",
            { } name when name.StartsWith("hitless", StringComparison.Ordinal) =>
                "run `./dev build`, or say where the binaries are with --bin DIR",
            { } name => $"apt-get install {name}",
        };

    private static string FirstLine(string errors, string output)
    {
        var text = string.IsNullOrWhiteSpace(errors) ? output : errors;
        return text.Trim().Split('\n')[0];
    }
}
