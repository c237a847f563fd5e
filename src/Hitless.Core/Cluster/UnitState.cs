namespace Hitless.Core.Cluster;

/// <summary>How a unit is (contract.md, "state"). The values travel in heartbeats: never renumber.</summary>
public enum UnitState : byte
{
    /// <summary>Listening before it takes a role.</summary>
    Starting = 0,

    /// <summary>Standby that does not yet hold all sessions of the primary.</summary>
    Syncing = 1,

    /// <summary>Fully able in its role.</summary>
    Ready = 2,

    /// <summary>Former primary that still forwards what is in flight.</summary>
    Draining = 3,

    /// <summary>Has failed ports or probes that its peers do not have.</summary>
    Fault = 4,

    /// <summary>Says goodbye: it stops after this heartbeat.</summary>
    Leaving = 5,

    /// <summary>Not heard.</summary>
    Absent = 6,

    /// <summary>
    /// Held by an operator. It travels as <see cref="Syncing"/> and a flag: older versions take it for a unit that is not ready.
    /// </summary>
    Held = 7,
}
