using Hitless.Core.Api;
using Hitless.Firmware.Files;

namespace Hitless.Daemon.Configuration;

/// <summary>
/// <c>hitlessd --restore-unit NAME --from BACKUP</c>: a new machine takes the place of a unit. Writes that unit's unit.yaml, the cluster's
/// key and the certificates whose images are accepted; the configuration itself comes from the running cluster when the unit joins, or by
/// <c>hitless config restore</c> where there is none.
/// </summary>
public static class UnitRestore
{
    /// <summary>Writes them to where they belong and says what it wrote; overwrites nothing.</summary>
    public static (IReadOnlyList<string> Written, Refusal? Refusal) Run(string backupPath, string unit, string unitFilePath)
    {
        if (!BackupFile.TryRead(backupPath, out var backup, out var refusal))
        {
            return ([], refusal);
        }

        if (backup.About.Units.FirstOrDefault(u => u.Unit == unit) is not { } own)
        {
            return (
                [],
                new Refusal(
                    $"the backup {backupPath} has no unit {unit}",
                    $"its units are {string.Join(", ", backup.About.Units.Select(u => u.Unit))}"
                )
            );
        }

        var text = System.Text.Encoding.UTF8.GetBytes(own.UnitFile);
        if (!UnitFile.TryParse(text, unitFilePath, cluster: null, out var settings, out var problems))
        {
            return (
                [],
                new Refusal(
                    $"this version does not read the unit's unit.yaml: {problems[0]}",
                    $"take it out by hand and mend it: tar xzf {backupPath} units/{unit}/unit.yaml"
                )
            );
        }

        (string Path, byte[]? Content)[] files =
        [
            (unitFilePath, text),
            (settings.Cluster.KeyFile, backup.ClusterKey),
            (settings.Upgrade.TrustFile ?? "", settings.Upgrade.TrustFile is null ? null : backup.Trust),
        ];
        if (files.FirstOrDefault(f => f.Content is not null && File.Exists(f.Path)).Path is { } there)
        {
            return ([], new Refusal($"{there} is there already; nothing was changed", "move it away first"));
        }

        try
        {
            foreach (var (path, content) in files.Where(f => f.Content is not null))
            {
                Directory.CreateDirectory(Path.GetDirectoryName(path)!);
                DurableFile.WriteAllBytes(path, content, DurableFile.OwnerOnly);
            }

            return ([.. files.Where(f => f.Content is not null).Select(f => f.Path)], null);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return ([], new Refusal($"the unit's files cannot be written: {e.Message}", "make room, or look at the rights of the folder"));
        }
    }
}
