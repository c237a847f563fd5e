namespace Hitless.Core.Wire;

/// <summary>What a datagram is for. Each kind is sealed with a key of its own.</summary>
public enum DatagramKind : byte
{
    /// <summary>Membership and switches, between control loops.</summary>
    Heartbeat = 1,

    /// <summary>Session replication, between session loops.</summary>
    Session = 2,
}
