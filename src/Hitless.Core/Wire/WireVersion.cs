namespace Hitless.Core.Wire;

/// <summary>
/// The version of the units' own protocol. Another major number is refused; a higher minor number only adds fields, which are skipped.
/// </summary>
public static class WireVersion
{
    /// <summary>The major version that this build speaks.</summary>
    public const byte Major = 1;

    /// <summary>
    /// The highest minor version that this build speaks. What each added stands at the fields of <see cref="Cluster.Heartbeat"/>.
    /// </summary>
    public const byte Minor = 1;
}
