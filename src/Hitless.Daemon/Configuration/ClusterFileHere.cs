using Hitless.Core.Configuration;

namespace Hitless.Daemon.Configuration;

/// <summary><see cref="ClusterFile"/> on this unit: where it lies, and whether this unit could run with another.</summary>
/// <param name="unitFilePath">unit.yaml, over which it is read.</param>
/// <param name="stateFolder">
/// The state directory; the file lies in STATE/configuration, so that units on one file system have one each.
/// </param>
public sealed class ClusterFileHere(string unitFilePath, string stateFolder)
{
    /// <summary>Where it lies.</summary>
    public string RealPath { get; } = RealPathIn(stateFolder);

    /// <summary>Where it lies under a state directory.</summary>
    public static string RealPathIn(string stateFolder) => Path.Combine(Path.GetFullPath(stateFolder), "configuration", ClusterFile.Path);

    /// <summary>What <c>configuration.files</c> would list with this content; nothing where the daemon would not start with it.</summary>
    public IReadOnlyList<ManagedFileSettings> FilesListedBy(byte[] content)
    {
        try
        {
            return UnitFile.TryParse(File.ReadAllBytes(unitFilePath), unitFilePath, content, out var settings, out _) ? settings.Files : [];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    /// <summary>Null if this unit's daemon would start with this content; else what is wrong with it, and where.</summary>
    public string? Problem(byte[] content)
    {
        try
        {
            return !UnitFile.TryParse(File.ReadAllBytes(unitFilePath), unitFilePath, content, out var settings, out var problems)
                    ? problems[0].ToString()
                : settings.Upgrade.TrustFile is { } trust && !File.Exists(trust) ? $"upgrade.trust-file: {trust} is not there"
                : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return $"{unitFilePath} cannot be read: {e.Message}";
        }
    }
}
