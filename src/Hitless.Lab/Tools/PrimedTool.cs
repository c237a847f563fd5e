using System.Diagnostics;

namespace Hitless.Lab.Tools;

/// <summary>
/// A program that has been started ahead and reads from standard input what it is to do, so that it does it at the moment when it is told.
/// </summary>
public sealed class PrimedTool : IDisposable
{
    // Until it reads.
    private static readonly TimeSpan StartUp = TimeSpan.FromMilliseconds(50);
    private readonly Process process;
    private readonly Stopwatch since = Stopwatch.StartNew();

    /// <summary>Starts the program.</summary>
    public PrimedTool(IEnumerable<string> words) => process = Tool.Start(words.First(), words.Skip(1), redirectInput: true);

    /// <summary>Waits until all of them read.</summary>
    public static void Settle(params IEnumerable<PrimedTool> tools)
    {
        foreach (var tool in tools.Where(tool => tool.since.Elapsed < StartUp))
        {
            Thread.Sleep(StartUp - tool.since.Elapsed);
        }
    }

    /// <summary>Tells it what to do, and does not wait.</summary>
    public void Tell(string input)
    {
        process.StandardInput.Write(input);
        process.StandardInput.Close();
    }

    /// <summary>Waits until it has done so.</summary>
    public void Wait()
    {
        var errors = process.StandardError.ReadToEnd();
        process.WaitForExit();
        if (process.ExitCode != 0)
        {
            throw new LabException(
                $"{process.StartInfo.FileName} {string.Join(' ', process.StartInfo.ArgumentList)}: {errors.Trim()}",
                "run again with HITLESS_LAB_TRACE=1 to see every command; `hitless lab down` cleans up"
            );
        }
    }

    /// <inheritdoc/>
    public void Dispose() => process.Dispose();
}
