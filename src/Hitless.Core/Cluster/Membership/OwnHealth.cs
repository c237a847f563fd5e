using System.Numerics;

namespace Hitless.Core.Cluster.Membership;

/// <summary>What this unit lacks to carry the traffic as another would: ports, probes, and what it would not forward.</summary>
internal sealed class OwnHealth
{
    private readonly ClusterOptions options;

    /// <summary>A unit whose ports are taken to be up until told otherwise.</summary>
    public OwnHealth(ClusterOptions options)
    {
        this.options = options;
        PortsUp = AllPorts;
    }

    /// <summary>The ports that are up, one bit each.</summary>
    public ulong PortsUp { get; private set; }

    /// <summary>What failing probes cost.</summary>
    public int ProbePenalty { get; set; }

    /// <summary>As a standby it would not forward what the primary forwards.</summary>
    public bool ForwardsOtherwise { get; set; }

    /// <summary>How many monitored ports are down.</summary>
    public int FailedPorts => options.PortCount - BitOperations.PopCount(PortsUp & AllPorts);

    private ulong AllPorts => options.PortCount >= 64 ? ulong.MaxValue : (1UL << options.PortCount) - 1;

    /// <summary>All of it as the election counts it. Whoever carries the traffic is what others are held against.</summary>
    public int Failures(UnitRole role) => ProbePenalty + FailedPorts + (ForwardsOtherwise && role != UnitRole.Primary ? 1 : 0);

    /// <summary>Takes which ports are up; whether that is new, and whether one has fallen.</summary>
    public (bool Changed, bool Fallen) SetPorts(ulong up)
    {
        var (changed, fallen) = (((PortsUp ^ up) & AllPorts) != 0, (PortsUp & ~up & AllPorts) != 0);
        PortsUp = changed ? up : PortsUp;
        return (changed, fallen);
    }
}
