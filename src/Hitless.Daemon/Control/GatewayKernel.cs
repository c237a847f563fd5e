using Hitless.Core.Api;
using Hitless.Core.Cluster;
using Hitless.Core.Configuration;
using Hitless.Linux.Announcements;
using Hitless.Linux.Links;
using Hitless.Linux.Sysctls;
using Hitless.Linux.Traffic;

namespace Hitless.Daemon.Control;

/// <summary>
/// What the unit wants of its kernel, and putting it back when somebody else changes it: the virtual addresses, the traffic table, the sysctls,
/// the carrier of the ports. Belongs to the control loop's thread, but for <see cref="TakeAnyWindow"/>.
/// </summary>
public sealed class GatewayKernel : IDisposable
{
    private readonly IReadOnlyList<PortSettings> ports;
    private readonly IReadOnlyList<TrafficPort> trafficPorts;
    private readonly SysctlScope sysctls;
    private readonly EventLog events;
    private readonly LinkTable links = new();
    private readonly AddressTable addresses = new();
    private readonly TrafficTable traffic;
    private readonly string[] heartbeatInterfaces;
    private readonly LinkMonitor monitor = new();
    private readonly ClaimLease lease = new();
    private readonly Dictionary<int, bool> upByIndex = [];
    private readonly Dictionary<string, int> indexByName = [];
    private Announcer? announcer;
    private TrafficState state;
    private bool cableLost;
    private bool withdrawn;

    /// <summary>Reads where the kernel stands; changes nothing yet. <paramref name="claim"/>: how long a claim stands unless renewed, and how long it is fresh.</summary>
    public GatewayKernel(UnitSettings settings, string stateFolder, (TimeSpan Lease, TimeSpan Fresh) claim, EventLog events)
    {
        ports = settings.Interfaces;
        trafficPorts = TrafficPort.From(settings.Cluster.Group, ports);
        this.events = events;
        var heartbeat = settings.Heartbeat;
        heartbeatInterfaces = [.. heartbeat.Links.Select(link => link.Interface).Distinct(StringComparer.Ordinal)];
        var fence = new ClaimFence(claim.Lease, claim.Fresh, RestartHold, heartbeat.Port, heartbeatInterfaces);
        traffic = new TrafficTable(trafficPorts, fence);
        sysctls = new SysctlScope(Path.Combine(stateFolder, "sysctls.json"));
        var found = traffic.Read();
        WasUsed = found is not null;
        WasClaimed = found == TrafficState.Claimed;
        state = WasClaimed ? TrafficState.Claimed : TrafficState.Muted;
        ReadLinks();
        CountPorts();
    }

    /// <summary>How long the kernel forwards without a daemon.</summary>
    public static TimeSpan RestartHold { get; } = TimeSpan.FromSeconds(5);

    /// <summary>A predecessor of this process has left its table.</summary>
    public bool WasUsed { get; }

    /// <summary>A predecessor of this process left the kernel forwarding.</summary>
    public bool WasClaimed { get; }

    /// <summary>For the poller: readable when links or addresses changed.</summary>
    public LinkMonitor Monitor => monitor;

    /// <summary>The monitored ports that are up, one bit each in the order of <c>interfaces:</c>.</summary>
    public ulong PortsUp { get; private set; }

    /// <summary>How many ports are monitored.</summary>
    public int MonitoredCount => ports.Count(p => p.Monitor);

    /// <summary>To be called after the first <see cref="SetTraffic"/>: sysctls, then the addresses. No moment in which an address speaks that should not.</summary>
    public void Prepare()
    {
        foreach (var problem in GatewaySysctls.Apply(sysctls, ports.Select(p => p.Name)))
        {
            events.Add(EventKinds.Unit, problem);
        }

        Repair();
    }

    /// <summary>One transaction, whatever the number of addresses.</summary>
    public void SetTraffic(TrafficState wanted)
    {
        state = wanted;
        var result = traffic.Apply(wanted);
        if (!result.Succeeded)
        {
            events.Add(EventKinds.Unit, $"the traffic table could not be set to {wanted}: {result}");
        }
    }

    /// <summary>Lets the claim stand for <paramref name="term"/> from now. Costs a microsecond and takes no lock.</summary>
    /// <returns>False if the claim that this unit believed in was over already: the kernel has muted it.</returns>
    public bool RenewClaim(ClaimTerm term) => lease.Renew(term) || state != TrafficState.Claimed;

    /// <summary>
    /// Lets the kernel take TCP packets of any window, or (<paramref name="any"/> false) look at windows as it did before. Writes to disk what stood before, so call it on another
    /// thread than the control loop's; after <see cref="Withdraw"/> it does nothing.
    /// </summary>
    public void TakeAnyWindow(bool any)
    {
        lock (sysctls)
        {
            if (!withdrawn && (any ? GatewaySysctls.TakeAnyWindow(sysctls) : GatewaySysctls.TakeOwnWindow(sysctls)) is { } problem)
            {
                events.Add(EventKinds.Unit, problem);
            }
        }
    }

    /// <summary>Announces every virtual address on every port that is there.</summary>
    public void Announce() => announcer?.AnnounceAll();

    /// <summary>The ports (one bit each, by place in <c>interfaces:</c>) on which somebody else has spoken with our virtual MAC within the last seconds, while this unit was claimed.</summary>
    public ulong PortsWithForeignSpeaker() => traffic.PortsWithForeignSpeaker();

    /// <summary>The kernel's number of an interface; 0 while it is absent.</summary>
    public int IndexOf(string name) => indexByName.GetValueOrDefault(name);

    /// <summary>Reads what the kernel has to tell; true if <see cref="PortsUp"/> may have changed.</summary>
    public bool ReadChanges()
    {
        var (changed, repair) = (false, false);
        while (monitor.TryRead(out var change))
        {
            switch (change.Kind)
            {
                case LinkChangeKind.Link when heartbeatInterfaces.Contains(change.Link.Name) && !change.Link.Up:
                    cableLost |= upByIndex.TryGetValue(change.Link.Index, out var had) && had;
                    upByIndex[change.Link.Index] = false;
                    break;
                case LinkChangeKind.Link when indexByName.TryGetValue(change.Link.Name, out var index) && index == change.Link.Index:
                    changed |= !upByIndex.TryGetValue(index, out var was) || was != change.Link.Up;
                    repair |= changed && change.Link.Up;
                    upByIndex[index] = change.Link.Up;
                    break;
                case LinkChangeKind.Link:
                    // Made anew, or renamed: what hung on its former number is gone.
                    var isHeartbeat = heartbeatInterfaces.Contains(change.Link.Name);
                    repair |= isHeartbeat || ports.Any(p => p.Name == change.Link.Name);
                    break;
                case LinkChangeKind.AddressRemoved:
                    repair |= IsVirtual(change.Address);
                    break;
                case LinkChangeKind.LinkRemoved:
                    changed |= upByIndex.Remove(change.Link.Index);
                    break;
                case LinkChangeKind.Lost:
                    repair = true;
                    break;
                default:
                    break;
            }
        }

        if (repair)
        {
            Repair();
        }
        else if (changed)
        {
            CountPorts();
        }

        return changed || repair;
    }

    /// <summary>Whether a heartbeat link lost its carrier since the last call; <paramref name="others"/>: another one has it still.</summary>
    public bool TakeCableLost(out bool others)
    {
        others = false;
        foreach (var name in heartbeatInterfaces)
        {
            others |= indexByName.TryGetValue(name, out var index) && upByIndex.TryGetValue(index, out var up) && up;
        }

        var lost = cableLost;
        cableLost = false;
        return lost;
    }

    /// <summary>Gives everything back: for a unit that leaves and carries no traffic.</summary>
    public void Withdraw()
    {
        var standing = Wanted().ToArray();
        addresses.Remove(standing);
        foreach (var port in trafficPorts)
        {
            if (indexByName.TryGetValue(port.Name, out var index))
            {
                links.RemoveUnicastFilter(index, port.VirtualMac);
            }
        }

        traffic.Remove();
        lock (sysctls)
        {
            withdrawn = true;
            sysctls.Restore();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        announcer?.Dispose();
        monitor.Dispose();
        traffic.Dispose();
        lease.Dispose();
        addresses.Dispose();
        links.Dispose();
    }

    private void ReadLinks()
    {
        indexByName.Clear();
        foreach (var link in links.Read())
        {
            indexByName[link.Name] = link.Index;
            upByIndex[link.Index] = link.Up;
        }
    }

    /// <summary>Makes addresses, filters and table so; what stands already costs a few messages.</summary>
    private void Repair()
    {
        ReadLinks();
        foreach (var port in trafficPorts)
        {
            if (!indexByName.TryGetValue(port.Name, out var index))
            {
                events.Add(EventKinds.Unit, $"the port {port.Name} does not exist; it is taken up as soon as it does");
                continue;
            }

            links.EnsureUnicastFilter(index, port.VirtualMac);
        }

        var result = addresses.Ensure([.. Wanted()]);
        if (!result.Succeeded)
        {
            events.Add(EventKinds.Unit, $"virtual addresses could not be set: {result}");
        }

        // A claim that is over is not given again: at the next renewal the machine hears that it is.
        traffic.Apply(traffic.Read() == TrafficState.Muted ? TrafficState.Muted : state);
        announcer?.Dispose();
        announcer = new Announcer(trafficPorts.Where(p => indexByName.ContainsKey(p.Name)));
        CountPorts();
    }

    private IEnumerable<LinkAddress> Wanted() =>
        from port in trafficPorts
        where indexByName.ContainsKey(port.Name)
        from address in port.Addresses
        select new LinkAddress(indexByName[port.Name], address);

    private bool IsVirtual(LocalAddress address) =>
        trafficPorts.Any(p => indexByName.TryGetValue(p.Name, out var index) && index == address.LinkIndex && p.Addresses.Contains(address.Prefix));

    private void CountPorts()
    {
        ulong bits = 0;
        var bit = 0;
        foreach (var port in ports.Where(p => p.Monitor))
        {
            var up = indexByName.TryGetValue(port.Name, out var index) && upByIndex.TryGetValue(index, out var isUp) && isUp;
            bits |= up ? 1UL << bit : 0;
            bit++;
        }

        PortsUp = bits;
    }
}
