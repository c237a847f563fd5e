using System.ComponentModel;
using System.Diagnostics;
using System.Text;
using System.Text.Json;
using Hitless.Core.Api;
using Hitless.Core.Configuration;
using Hitless.Firmware.Images;
using Hitless.Linux.Namespaces;

namespace Hitless.Daemon.Configuration;

/// <summary>
/// Runs the converter of an image that is not installed (<c>docs/decisions/0011</c>): unpacks it beside the slots, asks its entry point
/// what it makes of this unit's configuration, and holds the answer against this version's own reading. The image's signature was verified
/// before; still, what it starts sees no network: a firmware that is no good must not touch the primary's before it was ever tried.
/// </summary>
public sealed class ImageConverter(string stateFolder, string unitFile, TimeSpan timeMax) : IDisposable
{
    /// <summary>The identifier of the readiness check.</summary>
    public const string CheckId = "configuration-conversion";

    private const int OutputMaxChars = 4 << 20;
    private const int Late = -1;
    private const int Talkative = -2;
    private const int TextFileBusy = 26;
    private const int StartAttemptsMax = 50;

    private readonly SemaphoreSlim _one = new(1, 1);
    private (string Asked, CheckResult Answer)? _last;

    /// <summary>
    /// The readiness check. Lost and changed statements fail it, unless <paramref name="accepted"/>; a converter that does not answer is a
    /// warning, because images need none, and the trial boot shows whether the image can read its configuration.
    /// </summary>
    public async Task<CheckResult> CheckAsync(ImageFile image, string hash, Revision? head, bool accepted, CancellationToken cancel)
    {
        await _one.WaitAsync(cancel);
        try
        {
            var question = new ConversionQuestion(
                unitFile,
                File.Exists(unitFile) ? await File.ReadAllBytesAsync(unitFile, cancel) : [],
                head?.Files ?? []
            );
            var asked =
                $"{hash} {head?.Info.Hash} {Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(question.UnitFile))}";
            var answer = _last?.Asked == asked ? _last.Value.Answer : await AskAsync(image, hash, question, cancel);
            _last = (asked, answer);
            return accepted && answer.Result == CheckOutcome.Fail
                ? answer with
                {
                    Result = CheckOutcome.Warn,
                    Text = $"{answer.Text}; accepted by the operator",
                }
                : answer;
        }
        finally
        {
            _one.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _one.Dispose();

    private async Task<CheckResult> AskAsync(ImageFile image, string hash, ConversionQuestion question, CancellationToken cancel)
    {
        if (ConfigurationConverter.Convert(question, out var problems) is not { } before)
        {
            return Warn($"this version itself does not read {unitFile} any more: {problems[0]}", "mend the file");
        }

        var folder = Path.Combine(stateFolder, "preview-" + hash[..16]);
        try
        {
            if (Directory.Exists(folder))
            {
                Directory.Delete(folder, recursive: true);
            }

            if (await Task.Run(() => ImageExtractor.Extract(image, folder), cancel) is { } problem)
            {
                return Warn($"the image's converter was not asked: {problem.Error}", problem.Remedy);
            }

            var (code, output, errors) = await RunAsync(
                Path.Combine(folder, image.Manifest.EntryPoint),
                JsonSerializer.SerializeToUtf8Bytes(question, RevisionJson.Default.ConversionQuestion),
                cancel
            );
            return Judge(before, code, output, errors, image.Manifest.Version.ToString());
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or Win32Exception)
        {
            return Warn($"the image's converter was not asked: {e.Message}", "look at the state directory");
        }
        finally
        {
            if (Directory.Exists(folder))
            {
                Directory.Delete(folder, recursive: true);
            }
        }
    }

    private static CheckResult Judge(IReadOnlyList<Statement> before, int code, string output, string errors, string version)
    {
        if (ConversionPreview.Read(output) is not { } after)
        {
            // What a version that has a converter refuses, it names with file and line.
            return
                code == 1
                && (errors.Contains("unit.yaml", StringComparison.Ordinal) || errors.Contains(ClusterFile.Path, StringComparison.Ordinal))
                ? Fail($"version {version} does not read the configuration: {errors.Split('\n')[0]}")
                : Warn(
                    $"version {version} has no converter that answers ({Ending(code)})",
                    "the trial boot will show whether it reads the configuration"
                );
        }

        var changes = ConversionPreview.Compare(before, after);
        return changes.Count == 0
            ? new CheckResult(
                CheckId,
                CheckOutcome.Pass,
                $"version {version} keeps all {before.Count} statements of the configuration",
                null
            )
            : Fail(
                $"version {version} would not keep the configuration: "
                    + $"{string.Join("; ", changes.Take(5))}{(changes.Count > 5 ? $"; and {changes.Count - 5} more" : "")}"
            );
    }

    private static string Ending(int code) =>
        code switch
        {
            Late => "it did not end in time",
            Talkative => $"it printed more than {OutputMaxChars >> 20} MB",
            _ => $"exit code {code}",
        };

    /// <summary>The exit code is <see cref="Late"/> or <see cref="Talkative"/> when it was killed.</summary>
    private async Task<(int Code, string Output, string Errors)> RunAsync(string program, byte[] input, CancellationToken cancel)
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
            return (process.ExitCode, await output, await errors);
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            return (talkative.IsCancellationRequested ? Talkative : Late, "", "");
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
            if (text.Length + count > OutputMaxChars)
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

    private static CheckResult Warn(string text, string remedy) => new(CheckId, CheckOutcome.Warn, text, remedy);

    private static CheckResult Fail(string text) =>
        new(
            CheckId,
            CheckOutcome.Fail,
            text,
            "ask for an image that keeps it; or, if this is as it should be: hitless upgrade start IMAGE --accept-conversion"
        );
}
