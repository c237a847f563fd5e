using Hitless.Core.Api;

namespace Hitless.Core.Configuration;

/// <summary>
/// <c>cluster.yaml</c>: the settings of the daemons that travel (docs/decisions/0012). A revision holds it like a managed file, under this
/// name instead of a path; what stands in it replaces that section of every unit's unit.yaml when its daemon starts.
/// </summary>
public static class ClusterFile
{
    /// <summary>Its name in a revision.</summary>
    public const string Path = "cluster.yaml";

    /// <summary>Its content in a revision; null where every unit goes by its own unit.yaml.</summary>
    public static byte[]? ContentOf(Revision? revision) =>
        revision?.Files.FirstOrDefault(f => f.Path == Path) is { Absent: false } file ? file.Content : null;
}
