using Hitless.Core.Cluster;
using Hitless.Core.Configuration;
using Hitless.Core.Forwarding;
using Hitless.Linux.Links;
using Hitless.Linux.Namespaces;
using Hitless.Linux.Sysctls;
using Hitless.Linux.Traffic;

namespace Hitless.Linux.Tests;

/// <summary>
/// A client and a server, each on a bridge of its own, with two units between them that share the virtual addresses .1 on
/// <c>lan0</c> and <c>wan0</c>. The namespaces' names start with linux-test and the process's number; they go when this is disposed.
/// </summary>
public sealed class TwoUnits : IDisposable
{
    private const int Group = 7;
    private static int _count;

    private readonly string _prefix = $"linux-test-{Environment.ProcessId}-{Interlocked.Increment(ref _count)}-";
    private readonly List<SysctlScope> _sysctls = [];

    public TwoUnits(params IEnumerable<string> moreLanAddresses)
        : this(virtualMac: true, moreLanAddresses) { }

    /// <summary>With virtual MACs or without.</summary>
    public TwoUnits(bool virtualMac, params IEnumerable<string> moreLanAddresses)
    {
        Assert.SkipUnless(Environment.UserName == "root", "needs root, for network namespaces");
        string[] lan = ["10.77.1.1/24", "fd77:1::1/64", .. moreLanAddresses];
        PortSettings[] ports = [Port("lan0", lan), Port("wan0", "10.77.2.1/24", "fd77:2::1/64")];
        Ports = TrafficPort.From(Group, [.. ports.Select(port => port with { HasVirtualMac = virtualMac })]);
        Shell.Run(
            $"""
            set -e
            for n in switch client server a b; do ip netns add {_prefix}$n; ip -n {_prefix}$n link set lo up
              ip netns exec {_prefix}$n sh -c 'echo 0 > /proc/sys/net/ipv6/conf/default/accept_dad'; done
            for b in lan wan; do ip -n {Switch} link add $b type bridge; ip -n {Switch} link set $b up; done
            plug() {"{"} ip -n {_prefix}$1 link add $2 type veth peer name $1-$2 netns {Switch}
            ip -n {Switch} link set $1-$2 master $3 up; ip -n {_prefix}$1 link set $2 up; {"}"}
            plug client eth0 lan; plug server eth0 wan; plug a lan0 lan; plug a wan0 wan; plug b lan0 lan; plug b wan0 wan
            host() {"{"} ip -n {_prefix}$1 addr add $2 dev $3 $4; {"}"}
            host client 10.77.1.10/24 eth0; host client fd77:1::10/64 eth0 nodad; host server 10.77.2.10/24 eth0
            host server fd77:2::10/64 eth0 nodad
            host a 10.77.1.2/24 lan0; host a fd77:1::2/64 lan0 nodad; host b 10.77.1.3/24 lan0; host b fd77:1::3/64 lan0 nodad
            host a 10.77.2.2/24 wan0; host a fd77:2::2/64 wan0 nodad; host b 10.77.2.3/24 wan0; host b fd77:2::3/64 wan0 nodad
            ip -n {Client} route add default via 10.77.1.1; ip -n {Client} route add default via fd77:1::1
            ip -n {Server} route add default via 10.77.2.1; ip -n {Server} route add default via fd77:2::1
            """
        );
        Prepare(A);
        Prepare(B);
        TableA = NetworkNamespace.Run(A, () => new TrafficTable(Ports));
        TableB = NetworkNamespace.Run(B, () => new TrafficTable(Ports));
    }

    public IReadOnlyList<TrafficPort> Ports { get; }

    public MacAddress LanMac => Ports[0].VirtualMac!.Value;

    public TrafficTable TableA { get; }

    public TrafficTable TableB { get; }

    public string Switch => $"{_prefix}switch";

    public string Client => $"{_prefix}client";

    public string Server => $"{_prefix}server";

    public string A => $"{_prefix}a";

    public string B => $"{_prefix}b";

    /// <summary>The MAC with which a unit answers for the virtual addresses of lan0.</summary>
    public string MacOf(string unit) =>
        Ports[0].VirtualMac?.ToString()
        ?? Shell.Run($"ip -n {unit} -br link show lan0").Split(' ', StringSplitOptions.RemoveEmptyEntries)[2];

    public void Dispose()
    {
        TableA.Dispose();
        TableB.Dispose();
        Shell.Run($"for n in switch client server a b; do ip netns del {_prefix}$n; done");
    }

    private static PortSettings Port(string name, params string[] addresses) =>
        new(
            name,
            [
                .. addresses
                    .Select(text => text.Split('/'))
                    .Select(parts => new AddressPrefix(System.Net.IPAddress.Parse(parts[0]), int.Parse(parts[1]))),
            ],
            Monitor: true
        );

    private void Prepare(string unit) => NetworkNamespace.Run(unit, () =>
        {
            var sysctls = new SysctlScope(Path.Combine(Path.GetTempPath(), $"{unit}.sysctls"));
            Assert.Equal([], GatewaySysctls.Apply(sysctls, Ports.Select(port => port.Name)));
            using var links = new LinkTable();
            using var addresses = new AddressTable();
            foreach (var port in Ports)
            {
                var link = links.Find(port.Name)!.Value;
                if (port.VirtualMac is { } mac)
                {
                    links.EnsureUnicastFilter(link.Index, mac).ThrowIfFailed("filter");
                }

                addresses.Ensure([.. port.Addresses.Select(prefix => new LinkAddress(link.Index, prefix))]).ThrowIfFailed("addresses");
            }

            _sysctls.Add(sysctls);
            File.Delete(Path.Combine(Path.GetTempPath(), $"{unit}.sysctls"));
        });
}
