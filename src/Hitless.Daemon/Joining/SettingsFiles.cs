using Hitless.Daemon.Configuration;

namespace Hitless.Daemon.Joining;

/// <summary>Where a unit's settings lie: its unit.yaml, and the cluster.yaml in its state.</summary>
/// <param name="Unit">Absolute path of unit.yaml.</param>
/// <param name="StateFolder">The state directory.</param>
public sealed record SettingsFiles(string Unit, string StateFolder)
{
    /// <summary>The content of cluster.yaml; null: there is none.</summary>
    public byte[]? Cluster => ClusterFileHere.RealPathIn(StateFolder) is var path && File.Exists(path) ? File.ReadAllBytes(path) : null;
}
