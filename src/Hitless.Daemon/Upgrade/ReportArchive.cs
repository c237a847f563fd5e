using System.Text.Json;
using Hitless.Core.Api;
using Hitless.Daemon.Common;
using Hitless.Firmware.Files;
using Hitless.Firmware.Signing;

namespace Hitless.Daemon.Upgrade;

/// <summary>
/// The reports of ended runs, <c>reports/RUN.json</c>, sealed as they were made. One that is damaged counts as none: the journal of the run
/// gives another, and other units have it whole.
/// </summary>
public sealed class ReportArchive(string stateFolder, StateDisk disk)
{
    private readonly string folder = Path.Combine(stateFolder, "reports");

    /// <summary>The report as it was kept; null if it is not here, or not as it was sealed.</summary>
    public RunReport? Read(string run)
    {
        if (!JournalStore.IsName(run) || !File.Exists(PathOf(run)))
        {
            return null;
        }

        try
        {
            var report = JsonSerializer.Deserialize(File.ReadAllBytes(PathOf(run)), UpgradeJson.Default.RunReport);
            return report is not null && IsIntact(report, run) ? report : null;
        }
        catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException or NotSupportedException)
        {
            return null;
        }
    }

    /// <summary>
    /// Whether it is the report of that run, and says what was sealed, whoever sealed it: the cluster's key changes, and one of an older
    /// version has no seal.
    /// </summary>
    public static bool IsIntact(RunReport report, string run) =>
        report
            is { Run: not null, Mode: not null, Verdict.Word: not null, From: not null, To: not null, Steps: not null, Elections: not null }
        && report.Run == run
        && (report.Signature is not { } seal || (seal is { Key: not null } && ReportSeal.Refuse(report, seal.Key) is null));

    /// <summary>The runs that have a file here, whole or not.</summary>
    public IReadOnlyList<string> Names() =>
        Directory.Exists(folder)
            ? [.. Directory.EnumerateFiles(folder, "*.json").Select(f => Path.GetFileNameWithoutExtension(f)).Where(JournalStore.IsName)]
            : [];

    /// <summary>Writes it, now or as soon as that can be.</summary>
    public void Keep(RunReport report) => disk.Write($"the report of {report.Run}", () =>
        {
            Directory.CreateDirectory(folder);
            DurableFile.WriteOwnBytes(PathOf(report.Run), JsonSerializer.SerializeToUtf8Bytes(report, UpgradeJson.Default.RunReport));
        });

    /// <summary>Removes what is damaged beyond recovery, so that it is made from the journal whenever somebody asks.</summary>
    public void Remove(string run) => disk.Write($"the report of {run}", () => File.Delete(PathOf(run)));

    private string PathOf(string run) => Path.Combine(folder, run + ".json");
}
