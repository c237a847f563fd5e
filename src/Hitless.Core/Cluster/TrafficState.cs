namespace Hitless.Core.Cluster;

/// <summary>What a unit does with the virtual addresses on the wire (docs/decisions/0001).</summary>
public enum TrafficState : byte
{
    /// <summary>Nothing goes in or out for a virtual address.</summary>
    Muted = 0,

    /// <summary>Takes traffic to the virtual MAC and speaks for the virtual addresses.</summary>
    Claimed = 1,

    /// <summary>Still forwards what arrives, no longer speaks for the virtual addresses.</summary>
    Draining = 2,
}
