namespace Hitless.Daemon.Gateway;

/// <summary>
/// When a primary was last heard through each interface of <c>interfaces:</c>. Written by the control loop's thread, read by any.
/// </summary>
public sealed class InBandHearing(int ports)
{
    // Heartbeats go through the interfaces once a second (docs/decisions/0023).
    private static readonly TimeSpan Memory = TimeSpan.FromSeconds(5);
    private readonly long[] heardAt = new long[ports];

    /// <summary>A heartbeat of a primary came through an interface, by its place in <c>interfaces:</c>.</summary>
    public void Heard(int port, TimeSpan now) => Volatile.Write(ref heardAt[port], now.Ticks);

    /// <summary>Whether one came of late.</summary>
    public bool IsHeard(int port, TimeSpan now) => Volatile.Read(ref heardAt[port]) is not 0 and var at && now.Ticks - at < Memory.Ticks;
}
