using Hitless.Lab.Network;

namespace Hitless.Bench.Failover;

/// <summary>Two gateways in a lab that stand in for each other, whoever makes them.</summary>
internal interface IGatewayPair : IDisposable
{
    /// <summary>The lab with client, server and both units.</summary>
    LabPlan Plan { get; }

    /// <summary>Waits until one unit carries the traffic and the other is able to; gives the first.</summary>
    Task<string> UntilReadyAsync();

    /// <summary>Moves the traffic as an operator would.</summary>
    Task SwitchAsync(string primary);

    /// <summary>Cuts the power of a unit.</summary>
    void PowerOff(string unit);

    /// <summary>Gives the power back after <see cref="PowerOff"/>, or what <see cref="SwitchAsync"/> stopped.</summary>
    void PowerOn(string unit);

    /// <summary>Kills the unit's daemon, and starts it again where nothing else does.</summary>
    void KillDaemon(string unit);

    /// <summary>The unit's daemon works again, and the other unit is able to take over.</summary>
    bool IsBack(string unit);

    /// <summary>Who carries the traffic, and since which change, in words.</summary>
    string Reign();

    /// <summary>How late the latest heartbeat was, and how late it may be; empty where the product does not tell.</summary>
    string Margin();
}
