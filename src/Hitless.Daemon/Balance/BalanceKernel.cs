using System.Net;
using Hitless.Core.Cluster;
using Hitless.Core.Configuration;
using Hitless.Core.Forwarding;
using Hitless.Core.Wire;
using Hitless.Linux.Balance;
using Hitless.Linux.Counters;
using Hitless.Linux.Links;
using Hitless.Linux.Netlink;
using Hitless.Linux.Nftables;
using Hitless.Linux.Routes;
using Hitless.Linux.Scheduling;
using Hitless.Linux.Traffic;

namespace Hitless.Daemon.Balance;

/// <summary>
/// The kernel as load balancing sees it, on a thread in the network namespace of the thread that made this. For several threads; what is
/// asked is done in its order.
/// </summary>
public sealed class BalanceKernel : IDisposable
{
    private readonly IReadOnlyList<PortSettings> ports;
    private readonly IReadOnlyList<TrafficPort> trafficPorts;
    private readonly IReadOnlyList<AddressPrefix> kept;
    private readonly WorkThread thread = new("balance");
    private static readonly TimeSpan RulesAge = TimeSpan.FromSeconds(3);
    private Tools? tools;
    private IReadOnlyDictionary<string, PortSide> sides = new Dictionary<string, PortSide>();
    private IReadOnlyList<string> translating = [];
    private TimeSpan rulesUntil;

    /// <summary>Takes away what a process before has left: a table that somebody had loaded from a file would hand frames on.</summary>
    public BalanceKernel(UnitSettings settings)
    {
        ports = settings.Interfaces;
        kept = settings.KeptOnPrimary;
        trafficPorts = TrafficPort.From(settings.Cluster.Group, ports);
        Remove();
    }

    /// <summary>What there is to say of this unit's interfaces now, and of its routes and rules not long ago.</summary>
    public Task<BalanceFacts> ReadAsync() => AskAsync(Read);

    /// <summary>
    /// Hands each bucket to its owner. False, with the table taken away: the kernel refused. <paramref name="owners"/>: one for each
    /// bucket; <paramref name="macs"/>: of the other units; <paramref name="unlisted"/>: hosts whose packets stay here.
    /// </summary>
    public Task<string?> WriteAsync(
        UnitId[] owners,
        IReadOnlyDictionary<UnitId, IReadOnlyDictionary<string, MacAddress>> macs,
        IReadOnlyList<HostAddress> unlisted
    )
    {
        AddressPrefix[] all = [.. kept, .. unlisted.Select(host => host.Prefix)];
        return AskAsync(each =>
        {
            var result = each.Table.Set(Ports(), owners, macs, all);
            if (result.Succeeded)
            {
                return null;
            }

            _ = each.Table.Remove();
            return result.ToString();
        });
    }

    /// <summary>The side that each address is on, by the interface that leads to it; those that lead nowhere are left out.</summary>
    public Task<IReadOnlyList<(IPAddress Address, PortSide Side)>> SidesOfAsync(IReadOnlyList<IPAddress> addresses) =>
        AskAsync(each => SidesOf(each, addresses));

    /// <summary>Hands on nothing. Returns at once.</summary>
    public void Remove() => thread.Do(() => _ = Open().Table.Remove());

    /// <inheritdoc/>
    public void Dispose()
    {
        thread.Do(() =>
        {
            _ = tools?.Table.Remove();
            tools?.Dispose();
        });
        thread.Dispose();
    }

    private Tools Open() => tools ??= new Tools([.. ports.Select(port => port.Name)]);

    private Task<T> AskAsync<T>(Func<Tools, T> question)
    {
        var answer = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        thread.Do(() =>
        {
            try
            {
                answer.SetResult(question(Open()));
            }
            catch (Exception e) when (e is IOException or NetlinkException)
            {
                answer.SetException(e);
            }
        });
        return answer.Task;
    }

    private BalanceFacts Read(Tools each)
    {
        var links = each.Links.Read().ToDictionary(link => link.Name, StringComparer.Ordinal);
        var own = each
            .Addresses.Read()
            .Where(address => !address.OfHitless && address.Usable && !address.Prefix.Address.IsIPv6LinkLocal)
            .Select(address => address.LinkIndex)
            .ToHashSet();
        LookAtRules(each, links.Values.ToDictionary(link => link.Index, link => link.Name));
        return new BalanceFacts(
            ports
                .Where(port => links.ContainsKey(port.Name))
                .ToDictionary(port => port.Name, port => links[port.Name].Mac, StringComparer.Ordinal),
            [.. ports.Where(port => !links.TryGetValue(port.Name, out var link) || !link.Up).Select(port => port.Name)],
            [.. ports.Where(port => links.TryGetValue(port.Name, out var link) && !own.Contains(link.Index)).Select(port => port.Name)],
            translating,
            sides,
            string.Join(' ', ports.Select(port => links.TryGetValue(port.Name, out var link) ? $"{link.Index}/{link.Mac}" : "-")),
            each.Counters.Read(MonotonicClock.Now, 0, 0).Counters.Forwarded
        );
    }

    private IReadOnlyList<(IPAddress Address, PortSide Side)> SidesOf(Tools each, IReadOnlyList<IPAddress> addresses)
    {
        var names = each.Links.Read().ToDictionary(link => link.Index, link => link.Name);
        LookAtRules(each, names);
        var found = new List<(IPAddress, PortSide)>();
        foreach (var address in addresses)
        {
            if (each.Lookup.LinkTo(address) is { } link && names.TryGetValue(link, out var name) && sides.TryGetValue(name, out var side))
            {
                found.Add((address, side));
            }
        }

        return found;
    }

    /// <summary>There may be very many routes: they are read now and then, and not at all where every side is given.</summary>
    private void LookAtRules(Tools each, IReadOnlyDictionary<int, string> names)
    {
        if (MonotonicClock.Now < rulesUntil)
        {
            return;
        }

        rulesUntil = MonotonicClock.Now + RulesAge;
        translating = [.. each.Ruleset.Read().Where(table => table.NatRules > 0).Select(table => $"{table.Family} {table.Name}")];
        var outside = ports.All(port => port.Side is not null)
            ? []
            : each
                .Routes.Read(names)
                .Where(route => route.Route.IsDefault)
                .SelectMany(route => route.Route.Hops)
                .Select(hop => hop.Interface)
                .ToHashSet(StringComparer.Ordinal);
        sides = ports.ToDictionary(
            port => port.Name,
            port => port.Side ?? (outside.Contains(port.Name) ? PortSide.Outside : PortSide.Inside),
            StringComparer.Ordinal
        );
    }

    private IReadOnlyList<BalancePort> Ports() =>
        [
            .. trafficPorts
                .Where(port => port.VirtualMac is not null && sides.ContainsKey(port.Name))
                .Select(port => new BalancePort(port.Name, port.VirtualMac!.Value, sides[port.Name])),
        ];

    private sealed class Tools(IReadOnlyList<string> interfaces) : IDisposable
    {
        public BalanceTable Table { get; } = new();

        public LinkTable Links { get; } = new();

        public AddressTable Addresses { get; } = new();

        public RouteTable Routes { get; } = new();

        public RouteLookup Lookup { get; } = new();

        public RulesetReader Ruleset { get; } = new();

        public ForwardingReader Counters { get; } = new(interfaces);

        public void Dispose()
        {
            Table.Dispose();
            Links.Dispose();
            Addresses.Dispose();
            Routes.Dispose();
            Lookup.Dispose();
            Ruleset.Dispose();
            Counters.Dispose();
        }
    }
}

/// <summary>
/// What one unit's kernel says. <c>Macs</c>: its own, by interface. <c>Down</c>: interfaces that are absent or down. <c>Nameless</c>: those
/// without an address of the unit's own. <c>Translating</c>: tables of nftables that translate addresses. <c>Sides</c>: of each interface.
/// <c>Print</c>: changes when what the table was made of does. <c>Forwarded</c>: packets so far.
/// </summary>
public sealed record BalanceFacts(
    IReadOnlyDictionary<string, MacAddress> Macs,
    IReadOnlyList<string> Down,
    IReadOnlyList<string> Nameless,
    IReadOnlyList<string> Translating,
    IReadOnlyDictionary<string, PortSide> Sides,
    string Print,
    long Forwarded
)
{
    /// <summary>
    /// Why the flows of this unit cannot be shared out; null: they can. <paramref name="keepsSome"/>: the operator has said which networks
    /// stay on the primary.
    /// </summary>
    public string? WhyNot(bool keepsSome) =>
        Translating.Count > 0 && !keepsSome
            ? $"nftables table {Translating[0]} translates addresses, and a translated flow has to stay on the primary: list the networks "
                + "that it translates in balance.on-primary"
        : !Sides.Values.Contains(PortSide.Outside) ? "no interface is outside: none has a default route; give interfaces[].side: outside"
        : !Sides.Values.Contains(PortSide.Inside) ? "no interface is inside: each has a default route; give interfaces[].side: inside"
        : null;
}
