using System.Collections.Immutable;
using System.Net;

namespace Hitless.Daemon.Peers;

/// <summary>
/// Where the other units can be called: learned from where their heartbeats come from. Written by the control loop, read by everybody.
/// </summary>
public sealed class PeerDirectory(int apiPort)
{
    private ImmutableDictionary<string, ImmutableArray<IPEndPoint>> units = ImmutableDictionary<string, ImmutableArray<IPEndPoint>>.Empty;

    /// <summary>The addresses of a unit; empty if it was never heard.</summary>
    public IReadOnlyList<IPEndPoint> AddressesOf(string unit) =>
        Volatile.Read(ref units).TryGetValue(unit, out var known) ? known : ImmutableArray<IPEndPoint>.Empty;

    /// <summary>The unit was heard from this address.</summary>
    public void Learn(string unit, IPAddress address)
    {
        var endPoint = new IPEndPoint(address, apiPort);
        ImmutableInterlocked.AddOrUpdate(
            ref units,
            unit,
            _ => [endPoint],
            (_, known) => known.Contains(endPoint) ? known : known.Add(endPoint)
        );
    }
}
