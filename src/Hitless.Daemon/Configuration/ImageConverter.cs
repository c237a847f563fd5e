using Hitless.Core.Api;
using Hitless.Core.Configuration;
using Hitless.Core.Rights;
using Hitless.Firmware.Images;

namespace Hitless.Daemon.Configuration;

/// <summary>
/// Judges by the converter of an image that is not installed (<c>docs/decisions/0011</c>): has its entry point asked what it makes of this
/// unit's configuration, and holds the answer against this version's own reading.
/// </summary>
/// <param name="unitFile">unit.yaml.</param>
/// <param name="run">Runs the image's converter.</param>
public sealed class ImageConverter(string unitFile, IConverterRun run) : IDisposable
{
    /// <summary>The identifier of the readiness check.</summary>
    public const string CheckId = "configuration-conversion";

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
            var answer = _last?.Asked == asked ? _last.Value.Answer : await AskAsync(image, hash, question, head, cancel);
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

    private async Task<CheckResult> AskAsync(
        ImageFile image,
        string hash,
        ConversionQuestion question,
        Revision? head,
        CancellationToken cancel
    )
    {
        if (ConfigurationConverter.Convert(question, out var problems) is not { } before)
        {
            return Warn($"this version itself does not read {unitFile} any more: {problems[0]}", "mend the file");
        }

        var answer = await run.AskAsync(image, hash, question, head?.Info.Hash, cancel);
        return answer.Failure is { } failure
            ? Warn($"the image's converter was not asked: {failure}", answer.Remedy)
            : Judge(before, answer.Code, answer.Output, answer.Errors, image.Manifest.Version.ToString());
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
            ConverterAnswer.Late => "it did not end in time",
            ConverterAnswer.Talkative => $"it printed more than {ConverterAnswer.OutputMaxChars >> 20} MB",
            _ => $"exit code {code}",
        };

    private static CheckResult Warn(string text, string? remedy) => new(CheckId, CheckOutcome.Warn, text, remedy);

    private static CheckResult Fail(string text) =>
        new(
            CheckId,
            CheckOutcome.Fail,
            text,
            "ask for an image that keeps it; or, if this is as it should be: hitless upgrade start IMAGE --accept-conversion"
        );
}
