using System.Net.Sockets;
using Hitless.Core.Cluster;
using Hitless.Core.Forwarding;
using Hitless.Linux.Links;
using Hitless.Linux.Native;

namespace Hitless.Linux.Announcements;

/// <summary>
/// Tells the networks on all ports that the virtual addresses are here now: gratuitous ARP (both forms) and unsolicited neighbour
/// advertisements, from the virtual MAC, so that switches move its entry too, or where there is none from the port's own. Frames are built
/// beforehand; sending allocates nothing.
/// They pass the egress chain of <see cref="TrafficTable"/>: a muted or draining unit's announcements are dropped there.
/// Lives in the namespace of the thread that made it. Not for several threads at once.
/// </summary>
public sealed class Announcer : IDisposable
{
    private readonly LinkTable _links = new();
    private readonly Port[] _ports;

    public Announcer(IEnumerable<TrafficPort> ports)
    {
        _ports = [.. ports.Select(port => new Port(port))];
        Array.ForEach(_ports, Open);
    }

    /// <summary>Sends every announcement once; a port that is absent or was made anew is looked for again.</summary>
    /// <returns>How many frames the kernel did not take, because a port is absent or down (0 is all well).</returns>
    public int AnnounceAll()
    {
        var failed = 0;
        foreach (var port in _ports)
        {
            failed += Announce(port);
        }

        return failed;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _links.Dispose();
        foreach (var port in _ports)
        {
            port.Socket?.Dispose();
        }
    }

    private static byte[][] Frames(TrafficPort port, MacAddress mac) =>
        [
            .. port.Addresses.SelectMany<Core.Forwarding.AddressPrefix, byte[]>(prefix =>
                prefix.Address.AddressFamily == AddressFamily.InterNetworkV6
                    ? [AnnouncementFrame.NeighbourAdvertisement(mac, prefix.Address)]
                    :
                    [
                        AnnouncementFrame.GratuitousArp(mac, prefix.Address, AnnouncementFrame.ArpRequest),
                        AnnouncementFrame.GratuitousArp(mac, prefix.Address, AnnouncementFrame.ArpReply),
                    ]
            ),
        ];

    private int Announce(Port port)
    {
        if (port.Socket is null)
        {
            Open(port);
        }

        var failed = 0;
        foreach (var frame in port.Frames)
        {
            var errno = port.Socket?.Send(frame) ?? Errno.NoDevice;
            failed += errno == 0 ? 0 : 1;
            if (errno is Errno.NoDevice or Errno.NoSuchDeviceOrAddress)
            {
                port.Socket?.Dispose();
                port.Socket = null;
                return port.Frames.Length;
            }
        }

        return failed;
    }

    private void Open(Port port)
    {
        if (_links.Find(port.Traffic.Name) is { } link)
        {
            port.Frames = Frames(port.Traffic, port.Traffic.VirtualMac ?? link.Mac);
            port.Socket = new PacketSocket(link.Index);
        }
    }

    private sealed class Port(TrafficPort traffic)
    {
        internal TrafficPort Traffic => traffic;

        internal byte[][] Frames { get; set; } = Announcer.Frames(traffic, traffic.VirtualMac.GetValueOrDefault());

        internal PacketSocket? Socket { get; set; }
    }
}
