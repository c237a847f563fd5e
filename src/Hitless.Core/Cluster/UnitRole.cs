namespace Hitless.Core.Cluster;

/// <summary>Who a unit is to the network. The values travel in heartbeats: never renumber.</summary>
public enum UnitRole : byte
{
    /// <summary>Neither: starting, or gone.</summary>
    None = 0,

    /// <summary>Holds the sessions, is mute on the wire.</summary>
    Standby = 1,

    /// <summary>Holds the virtual addresses.</summary>
    Primary = 2,
}
