using System.ComponentModel;
using System.Diagnostics;
using System.Text;
using System.Text.Json;
using Hitless.Core.Api;
using Hitless.Core.Rights;
using Hitless.Firmware.Images;
using Hitless.Linux.Namespaces;

namespace Hitless.Daemon.Configuration;

/// <summary>
/// Unpacks an image beside the slots and runs its converter in this process's own name. The image's signature was verified before; still,
/// what it starts sees no network: a firmware that is no good must not touch the primary's before it was ever tried.
/// </summary>
/// <param name="stateFolder">The state directory; the image is unpacked below it for a moment.</param>
/// <param name="timeMax">How long it may run.</param>
public sealed class LocalConverter(string stateFolder, TimeSpan timeMax) : IConverterRun
{
    /// <summary>How long a converter may run.</summary>
    public static TimeSpan DefaultTimeMax { get; } = TimeSpan.FromSeconds(8);

    private const int TextFileBusy = 26;
    private const int StartAttemptsMax = 50;

    /// <inheritdoc/>
    public async Task<ConverterAnswer> AskAsync(
        ImageFile image,
        string hash,
        ConversionQuestion question,
        string? revision,
        CancellationToken cancel
    )
    {
        var folder = Path.Combine(stateFolder, "preview-" + hash[..16]);
        try
        {
            if (Directory.Exists(folder))
            {
                Directory.Delete(folder, recursive: true);
            }

            if (await Task.Run(() => ImageExtractor.Extract(image, folder), cancel) is { } problem)
            {
                return ConverterAnswer.NotAsked(problem.Error, problem.Remedy);
            }

            return await RunAsync(
                Path.Combine(folder, image.Manifest.EntryPoint),
                JsonSerializer.SerializeToUtf8Bytes(question, RevisionJson.Default.ConversionQuestion),
                cancel
            );
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or Win32Exception)
        {
            return ConverterAnswer.NotAsked(e.Message, "look at the state directory");
        }
        finally
        {
            if (Directory.Exists(folder))
            {
                Directory.Delete(folder, recursive: true);
            }
        }
    }

    private async Task<ConverterAnswer> RunAsync(string program, byte[] input, CancellationToken cancel)
    {
        using var talkative = new CancellationTokenSource();
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel, talkative.Token);
        limit.CancelAfter(timeMax);
        using var process = await StartAsync(program, cancel);
        try
        {
            var output = ReadAsync(process.StandardOutput, talkative, limit.Token);
            var errors = ReadAsync(process.StandardError, talkative, limit.Token);
            await FeedAsync(process, input, limit.Token);
            await process.WaitForExitAsync(limit.Token);
            return new ConverterAnswer(process.ExitCode, await output, await errors);
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            return new ConverterAnswer(talkative.IsCancellationRequested ? ConverterAnswer.Talkative : ConverterAnswer.Late, "", "");
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
                await process.WaitForExitAsync(CancellationToken.None);
            }
        }
    }

    /// <summary>
    /// Starts what was just written. Another process that this one forked at that moment holds the file open for writing until its own
    /// exec, and so long the kernel refuses it (ETXTBSY, execve(2)): it is tried again.
    /// </summary>
    private static async Task<Process> StartAsync(string program, CancellationToken cancel)
    {
        var start = new ProcessStartInfo(program, [ConfigurationConverter.Option])
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = Path.GetDirectoryName(program),
        };
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return NetworkNamespace.RunInEmpty(() => Process.Start(start)!);
            }
            catch (Win32Exception e) when (e.NativeErrorCode == TextFileBusy && attempt < StartAttemptsMax)
            {
                await Task.Delay(10, cancel);
            }
        }
    }

    /// <summary>All that it prints; one that prints without end is given up, by <paramref name="talkative"/>.</summary>
    private static async Task<string> ReadAsync(StreamReader stream, CancellationTokenSource talkative, CancellationToken cancel)
    {
        var (text, buffer) = (new StringBuilder(), new char[4096]);
        for (int count; (count = await stream.ReadAsync(buffer, cancel)) > 0; )
        {
            if (text.Length + count > ConverterAnswer.OutputMaxChars)
            {
                await talkative.CancelAsync();
                cancel.ThrowIfCancellationRequested();
            }

            text.Append(buffer, 0, count);
        }

        return text.ToString();
    }

    private static async Task FeedAsync(Process process, byte[] input, CancellationToken cancel)
    {
        try
        {
            await process.StandardInput.BaseStream.WriteAsync(input, cancel);
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It has ended without reading: its exit code says the rest.
        }
    }
}
