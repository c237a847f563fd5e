using System.Net.Sockets;
using Hitless.Core.Api;
using Hitless.Core.Cluster;
using Hitless.Core.Configuration;
using Hitless.Daemon.Common;
using Hitless.Daemon.Gateway;
using Hitless.Linux.Announcements;
using Hitless.Linux.Links;
using Hitless.Linux.Routes;
using Hitless.Linux.Traffic;

namespace Hitless.Daemon.Control;

/// <summary>
/// What the unit wants of its kernel, and putting it back when somebody else changes it: the virtual addresses, the traffic table, the
/// carrier of the ports. Belongs to the control loop's thread.
/// What may take its time (sysctls, routes) is <see cref="GatewayWatch"/>'s.
/// </summary>
public sealed class GatewayKernel : IDisposable
{
    private const int ReadsPerCall = 256;
    private readonly IReadOnlyList<PortSettings> ports;
    private readonly IReadOnlyList<TrafficPort> trafficPorts;
    private readonly SysctlKeeper sysctls;
    private readonly SilenceKeeper silence;
    private readonly EventLog events;
    private readonly LinkTable links = new();
    private readonly AddressTable addresses = new();
    private readonly TrafficTable traffic;
    private readonly string[] heartbeatInterfaces;
    private readonly LinkMonitor monitor = new();
    private readonly ClaimLease lease = new();
    private readonly Dictionary<int, bool> upByIndex = [];
    private readonly Dictionary<string, int> indexByName = [];
    private readonly Dictionary<int, MacAddress> macByIndex = [];
    private readonly HashSet<int> bridges = [];
    private readonly List<(int Index, MacAddress Mac)> bridgePorts = [];
    private Announcer? announcer;
    private TrafficState state;
    private bool cableLost;
    private bool muteFails;
    private bool ownIsSecond;

    /// <summary>
    /// Reads where the kernel stands, and removes virtual addresses that a process before has set and nobody wants: the rules that mute
    /// those are still in force. <paramref name="claim"/>: how long a claim stands unless renewed, how long it is fresh, and how long the
    /// kernel forwards without a daemon.
    /// </summary>
    public GatewayKernel(UnitSettings settings, SysctlKeeper sysctls, SilenceKeeper silence, ClaimTimes claim, EventLog events)
    {
        ports = settings.Interfaces;
        trafficPorts = TrafficPort.From(settings.Cluster.Group, ports);
        this.events = events;
        (this.sysctls, this.silence) = (sysctls, silence);
        var heartbeat = settings.Heartbeat;
        heartbeatInterfaces = [.. heartbeat.Links.Select(link => link.Interface).Distinct(StringComparer.Ordinal)];
        var fence = new ClaimFence(claim.Lease, claim.Fresh, claim.Restart, heartbeat.Port, heartbeatInterfaces)
        {
            LongLease = claim.LongLease,
            LongestLease = claim.LongestLease,
        };
        traffic = new TrafficTable(trafficPorts, fence);
        TellProxied(ProxyWatch.Read([.. trafficPorts.Select(port => port.Name)]));
        var found = traffic.Read();
        WasUsed = found is not null;
        WasClaimed = found == TrafficState.Claimed;
        state = WasClaimed ? TrafficState.Claimed : TrafficState.Muted;
        ReadLinks();
        RemoveUnwanted();
        CountPorts();
    }

    /// <summary>The routes that hung on virtual addresses before this process removed any; null: not all of those stood.</summary>
    public IReadOnlyList<KernelRoute>? RoutesBefore { get; private set; }

    /// <summary>
    /// Nobody else can flush the traffic table; else <see cref="RestoreTable"/> is to be called when somebody may have. Known after the
    /// first <see cref="SetTraffic"/>.
    /// </summary>
    public bool TablePersists => traffic.Persists;

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

    /// <summary>
    /// To be called after the first <see cref="SetTraffic"/>: sysctls and filters, then the addresses. No moment in which an address speaks
    /// that should not.
    /// </summary>
    public void Prepare()
    {
        sysctls.Apply();
        silence.Apply();
        Repair();
    }

    /// <summary>One transaction, whatever the number of addresses. A unit that cannot be muted has no virtual address (rule 10).</summary>
    public void SetTraffic(TrafficState wanted)
    {
        state = wanted;
        Apply(wanted);
        FollowBridges();
        if (ownIsSecond && wanted == TrafficState.Muted)
        {
            Repair();
        }
    }

    /// <summary>Puts back the table that outlives this process, if somebody has flushed it. Packets met the same rules meanwhile.</summary>
    public void RestoreTable()
    {
        if (!traffic.Persists && !traffic.IsWhole)
        {
            Apply(traffic.Read() ?? state);
            events.Add(
                EventKinds.Unit,
                "another program flushed or changed the nftables table \"hitless\"; it is put back, and its rules were in force meanwhile"
            );
        }
    }

    /// <summary>These ports answer on behalf of others from now on: with the virtual MAC while this unit is primary, else not.</summary>
    public void Use(IReadOnlyList<ProxiedPort> answering)
    {
        TellProxied(answering);
        ApplyAgain();
    }

    /// <summary>Lets the claim stand for <paramref name="term"/> from now. Costs a microsecond and takes no lock.</summary>
    /// <returns>False if the claim that this unit believed in was over already: the kernel has muted it.</returns>
    public bool RenewClaim(ClaimTerm term) => lease.Renew(term) || state != TrafficState.Claimed;

    /// <summary>Announces every virtual address on every port that is there.</summary>
    public void Announce() => announcer?.AnnounceAll();

    /// <summary>
    /// The ports (one bit each, by place in <c>interfaces:</c>) on which somebody else has spoken with our virtual MAC within the last
    /// seconds, while this unit was claimed.
    /// </summary>
    public ulong PortsWithForeignSpeaker() => traffic.PortsWithForeignSpeaker();

    /// <summary>The kernel's number of an interface; 0 while it is absent.</summary>
    public int IndexOf(string name) => indexByName.GetValueOrDefault(name);

    /// <summary>Reads what the kernel has to tell; true if <see cref="PortsUp"/> may have changed.</summary>
    public bool ReadChanges()
    {
        var (changed, repair, announce, ownChanged, budget) = (false, false, false, false, ReadsPerCall);
        while (monitor.TryRead(ref budget, out var change))
        {
            ownChanged |= change.Kind is LinkChangeKind.AddressAdded or LinkChangeKind.AddressRemoved && !change.Address.OfHitless;
            switch (change.Kind)
            {
                case LinkChangeKind.Link when heartbeatInterfaces.Contains(change.Link.Name) && !change.Link.Up:
                    cableLost |= upByIndex.TryGetValue(change.Link.Index, out var had) && had;
                    upByIndex[change.Link.Index] = false;
                    break;
                case LinkChangeKind.Link when indexByName.TryGetValue(change.Link.Name, out var index) && index == change.Link.Index:
                    changed |= !upByIndex.TryGetValue(index, out var was) || was != change.Link.Up;
                    announce |=
                        macByIndex[index] != change.Link.Mac
                        && trafficPorts.Any(port => port.VirtualMac is null && port.Name == change.Link.Name);
                    repair |= announce || (changed && change.Link.Up);
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
                case LinkChangeKind.AddressAdded
                    when change.Address.Secondary && !change.Address.OfHitless && indexByName.ContainsValue(change.Address.LinkIndex):
                    ownIsSecond = true;
                    repair |= state == TrafficState.Muted;
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

        if (repair |= ownChanged && TellOwnChanged())
        {
            Repair();
            if (announce)
            {
                // A muted unit's announcements are dropped on their way out.
                Announce();
            }
        }
        else if (changed)
        {
            CountPorts();
        }

        return changed || repair;
    }

    /// <summary>
    /// Whether a heartbeat link lost its carrier since the last call; <paramref name="others"/>: another one has it still.
    /// </summary>
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

    /// <summary>
    /// Leaves the cluster: takes the virtual addresses away, the filters, the table and the sysctls. For a unit that carries no traffic. A
    /// stop alone is none: the addresses stay, muted, and what hangs on them.
    /// </summary>
    public void Withdraw()
    {
        addresses.Remove([
            .. addresses.Read().Where(each => each.OfHitless).Select(each => new LinkAddress(each.LinkIndex, each.Prefix)),
            .. Wanted(),
        ]);
        foreach (var port in trafficPorts)
        {
            if (port.VirtualMac is { } mac && indexByName.TryGetValue(port.Name, out var index))
            {
                links.RemoveUnicastFilter(index, mac);
            }
        }

        silence.Withdraw();
        traffic.Remove();
        sysctls.Withdraw();
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
        bridges.Clear();
        foreach (var link in links.Read())
        {
            indexByName[link.Name] = link.Index;
            upByIndex[link.Index] = link.Up;
            macByIndex[link.Index] = link.Mac;
            if (link.IsBridge)
            {
                bridges.Add(link.Index);
            }
        }
    }

    /// <summary>Makes addresses, filters and table so; what stands already costs a few messages.</summary>
    private void Repair()
    {
        ReadLinks();
        bridgePorts.Clear();
        foreach (var port in trafficPorts)
        {
            if (!indexByName.TryGetValue(port.Name, out var index))
            {
                events.Add(EventKinds.Unit, $"the port {port.Name} does not exist; it is taken up as soon as it does");
                continue;
            }

            if (port.VirtualMac is { } mac && bridges.Contains(index))
            {
                bridgePorts.Add((index, mac));
            }
            else if (port.VirtualMac is not null)
            {
                links.EnsureUnicastFilter(index, port.VirtualMac.Value);
            }
        }

        ApplyAgain();
        FollowBridges();
        if (!muteFails)
        {
            PutOwnFirst();
            var result = addresses.Ensure([.. Wanted()]);
            if (!result.Succeeded)
            {
                events.Add(EventKinds.Unit, $"virtual addresses could not be set: {result}");
            }
        }

        announcer?.Dispose();
        announcer = new Announcer(trafficPorts.Where(p => indexByName.ContainsKey(p.Name)));
        CountPorts();
    }

    /// <summary>
    /// A bridge keeps what is sent to a MAC of its own, and hosts behind its ports would not reach the primary: so the virtual MAC is the
    /// bridge's own only while this unit takes frames to it.
    /// </summary>
    private void FollowBridges()
    {
        foreach (var (index, mac) in bridgePorts)
        {
            _ = state == TrafficState.Muted ? links.RemoveUnicastFilter(index, mac) : links.EnsureUnicastFilter(index, mac);
        }
    }

    private bool TellOwnChanged()
    {
        var matters = traffic.Proxied.Ports.Count > 0;
        if (matters)
        {
            TellProxied(traffic.Proxied.Ports);
        }

        return matters;
    }

    // An answer for any other address than these is one on behalf of somebody.
    private void TellProxied(IReadOnlyList<ProxiedPort> proxied) =>
        traffic.Use(
            proxied.Count == 0
                ? ProxiedAnswers.None
                : new ProxiedAnswers(
                    proxied,
                    [
                        .. addresses
                            .Read()
                            .Where(each => !each.OfHitless && each.Prefix.Address.AddressFamily == AddressFamily.InterNetwork)
                            .Select(each => each.Prefix.Address)
                            .Distinct(),
                    ]
                )
        );

    // A claim that is over is not given again: at the next renewal the machine hears that it is.
    private void ApplyAgain() => Apply(traffic.Read() == TrafficState.Muted ? TrafficState.Muted : state);

    /// <summary>Makes the kernel so. If it cannot, no virtual address stands that would speak against another unit's.</summary>
    private void Apply(TrafficState wanted)
    {
        var result = traffic.Apply(wanted);
        if (!result.Succeeded)
        {
            events.Add(
                EventKinds.Unit,
                $"the traffic table could not be set to {wanted}: {result}; the virtual addresses are taken away. hitlessd needs "
                    + $"Linux 6.1 with nftables (nf_tables, netdev egress)"
            );
            addresses.Remove([.. Wanted()]);
        }

        muteFails = !result.Succeeded;
    }

    /// <summary>
    /// What a process before has set and nobody wants: a virtual address that was taken out of the configuration, moved, or got another
    /// prefix. Once the new table is in force, nothing would keep it
    /// from answering on every unit.
    /// </summary>
    private void RemoveUnwanted()
    {
        var wanted = Wanted().ToHashSet();
        var standing = addresses
            .Read()
            .Where(each => each.OfHitless)
            .Select(each => new LinkAddress(each.LinkIndex, each.Prefix))
            .ToHashSet();
        LinkAddress[] unwanted = [.. standing.Where(each => !wanted.Contains(each))];
        if (unwanted.Length == 0)
        {
            RoutesBefore = wanted.IsSubsetOf(standing) ? [] : null;
            return;
        }

        RoutesBefore = RouteKeeper.Read(ports);
        var result = addresses.Remove(unwanted);
        events.Add(
            EventKinds.Unit,
            result.Succeeded
                ? $"removed virtual addresses that are no longer configured: {string.Join(", ", unwanted.Select(each => each.Prefix))}"
                : $"virtual addresses that are no longer configured could not be removed: {result}; remove them with ip address del: "
                    + $"{string.Join(", ", unwanted.Select(each => each.Prefix))}"
        );
    }

    /// <summary>
    /// The first IPv4 address of a network is the source of what the unit itself sends there. If the own one was taken away and came back,
    /// it stands behind the virtual one, with which a standby
    /// reaches nobody: so the virtual one goes to the end. Only while the unit is muted: on the primary it answers, and packets would miss
    /// their way for a moment.
    /// </summary>
    private void PutOwnFirst()
    {
        if (state != TrafficState.Muted)
        {
            return;
        }

        ownIsSecond = false;
        var standing = addresses.Read();
        var wanted = Wanted().ToHashSet();
        addresses.Remove([
            .. standing
                .Where(own => own.Secondary && !own.OfHitless)
                .SelectMany(own =>
                    standing.Where(first =>
                        !first.Secondary
                        && first.LinkIndex == own.LinkIndex
                        && first.Prefix.PrefixLength == own.Prefix.PrefixLength
                        && first.Prefix.Contains(own.Prefix.Address)
                    )
                )
                .Select(first => new LinkAddress(first.LinkIndex, first.Prefix))
                .Where(wanted.Contains)
                .Distinct(),
        ]);
    }

    private IEnumerable<LinkAddress> Wanted() =>
        from port in trafficPorts
        where indexByName.ContainsKey(port.Name)
        from address in port.Addresses
        select new LinkAddress(indexByName[port.Name], address);

    private bool IsVirtual(LocalAddress address) =>
        trafficPorts.Any(p =>
            indexByName.TryGetValue(p.Name, out var index) && index == address.LinkIndex && p.Addresses.Contains(address.Prefix)
        );

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
