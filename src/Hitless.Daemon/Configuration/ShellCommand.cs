using System.ComponentModel;
using System.Diagnostics;
using System.Text;

namespace Hitless.Daemon.Configuration;

/// <summary>
/// How a command ended. <c>Why</c> is null when it exited with 0; <c>Output</c> is both streams, bounded, control characters taken out.
/// <c>Ran</c> false: nobody was there to run it.
/// </summary>
public sealed record CommandOutcome(string? Why, string Output, bool Ran = true);

/// <summary>Runs an operator's command line by <c>/bin/sh -c</c>, bounded in time and output, without standard input.</summary>
public static class ShellCommand
{
    /// <summary>What is printed beyond this is dropped.</summary>
    public const int OutputMaxBytes = 16 << 10;

    /// <summary>
    /// A command may leave a child that holds its output open; it is listened to only this long after the command has exited.
    /// </summary>
    private static readonly TimeSpan DrainMax = TimeSpan.FromMilliseconds(300);

    /// <summary>Puts a path in place of each <c>{file}</c>, quoted where the shell needs it.</summary>
    public static string WithFile(string template, string path) =>
        template.Replace(
            "{file}",
            path.All(c => char.IsAsciiLetterOrDigit(c) || "/._@+:=,-".Contains(c)) ? path : $"'{path.Replace("'", @"'\''")}'"
        );

    /// <summary>How a command line is started.</summary>
    public static ProcessStartInfo StartOf(string command) => new("/bin/sh") { ArgumentList = { "-c", command } };

    /// <summary>Runs it to its end, or kills it and its children after <paramref name="timeMax"/>.</summary>
    public static Task<CommandOutcome> RunAsync(string command, TimeSpan timeMax, CancellationToken cancel) =>
        RunAsync(StartOf(command), timeMax, started: null, cancel);

    /// <summary>The same for any program; <paramref name="started"/> is called with the process's id.</summary>
    public static async Task<CommandOutcome> RunAsync(
        ProcessStartInfo start,
        TimeSpan timeMax,
        Action<int>? started,
        CancellationToken cancel
    )
    {
        using var process = new Process { StartInfo = start };
        start.UseShellExecute = false;
        start.RedirectStandardInput = start.RedirectStandardOutput = start.RedirectStandardError = true;
        start.WorkingDirectory = "/";
        try
        {
            process.Start();
        }
        catch (Win32Exception e)
        {
            return new CommandOutcome($"could not be started: {e.Message}", "");
        }

        started?.Invoke(process.Id);
        process.StandardInput.Close();
        var output = new Output();
        var readers = Task.WhenAll(
            output.DrainAsync(process.StandardOutput.BaseStream),
            output.DrainAsync(process.StandardError.BaseStream)
        );
        var why = await WaitAsync(process, timeMax, cancel);
        await Task.WhenAny(readers, Task.Delay(DrainMax, CancellationToken.None));
        return new CommandOutcome(why, output.ToString());
    }

    private static async Task<string?> WaitAsync(Process process, TimeSpan timeMax, CancellationToken cancel)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(timeMax);
        try
        {
            await process.WaitForExitAsync(limit.Token);
            return process.ExitCode == 0 ? null : $"exit code {process.ExitCode}";
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync(CancellationToken.None);
            return cancel.IsCancellationRequested ? "was stopped" : $"did not end within {timeMax.TotalSeconds:0.#} s and was killed";
        }
    }

    private sealed class Output
    {
        private readonly byte[] _kept = new byte[OutputMaxBytes];
        private int _length;
        private long _dropped;

        public async Task DrainAsync(Stream stream)
        {
            var buffer = new byte[4096];
            try
            {
                for (int count; (count = await stream.ReadAsync(buffer)) > 0; )
                {
                    lock (_kept)
                    {
                        var room = Math.Min(count, OutputMaxBytes - _length);
                        buffer.AsSpan(0, room).CopyTo(_kept.AsSpan(_length));
                        _length += room;
                        _dropped += count - room;
                    }
                }
            }
            catch (Exception e) when (e is IOException or ObjectDisposedException or OperationCanceledException)
            {
                // The process is gone, or nobody listens any more: what was read stands.
            }
        }

        public override string ToString()
        {
            lock (_kept)
            {
                var text = new StringBuilder(Encoding.UTF8.GetString(_kept, 0, _length));
                for (var i = 0; i < text.Length; i++)
                {
                    text[i] = char.IsControl(text[i]) && text[i] is not ('\n' or '\t') ? '.' : text[i];
                }

                return text.ToString().TrimEnd('\n') + (_dropped > 0 ? $"\n… ({_dropped} bytes more)" : "");
            }
        }
    }
}
