using System.Diagnostics;

namespace Hitless.Lab.Tools;

/// <summary>A program that has been started ahead and waits for its input, so that what it does happens at once when it is wanted.</summary>
public sealed class PrimedTool : IDisposable
{
    // Until it reads.
    private static readonly TimeSpan StartUp = TimeSpan.FromMilliseconds(50);
    private readonly Process process;
    private readonly Stopwatch since = Stopwatch.StartNew();

    /// <summary>Starts the program; it reads what it is to do from standard input.</summary>
    public PrimedTool(string program, params IEnumerable<string> arguments) => process = Tool.Start(program, arguments, redirectInput: true);

    /// <summary>Lets it do what <paramref name="input"/> says, and waits until it has.</summary>
    public void Go(string input)
    {
        if (since.Elapsed < StartUp)
        {
            Thread.Sleep(StartUp - since.Elapsed);
        }

        process.StandardInput.Write(input);
        process.StandardInput.Close();
        var errors = process.StandardError.ReadToEnd();
        process.WaitForExit();
        if (process.ExitCode != 0)
        {
            throw new LabException($"{process.StartInfo.FileName} {string.Join(' ', process.StartInfo.ArgumentList)}: {errors.Trim()}", "run again with HITLESS_LAB_TRACE=1 to see every command; `hitless lab down` cleans up");
        }
    }

    /// <inheritdoc/>
    public void Dispose() => process.Dispose();
}
