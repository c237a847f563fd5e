using Hitless.Linux.Namespaces;
using Hitless.Linux.Sysctls;

namespace Hitless.Linux.Tests.Sysctls;

/// <summary>A default route by router advertisement, from a router that is another namespace, where Hitless turns forwarding on.</summary>
public sealed class RouterAdvertisementTests : IDisposable
{
    private readonly string space = $"linux-ra-{Environment.ProcessId}-{Random.Shared.Next(10_000)}";
    private readonly string router = $"linux-rr-{Environment.ProcessId}-{Random.Shared.Next(10_000)}";
    private readonly string file = Path.Combine(Path.GetTempPath(), $"linux-ra-{Guid.NewGuid():N}");
    private readonly SysctlScope scope;

    public RouterAdvertisementTests()
    {
        Assert.SkipUnless(Environment.UserName == "root", "needs root, for a network namespace");
        scope = new SysctlScope(file);
        Shell.Run($"ip netns add {space}; ip netns add {router}");
        Plug();
    }

    public void Dispose()
    {
        Shell.Run($"ip netns del {space}; ip netns del {router}");
        File.Delete(file);
    }

    [Fact]
    public void A_default_route_stays_when_forwarding_is_turned_on_and_is_renewed()
    {
        Advertise();
        Assert.Contains("default via fe80::", Routes(), StringComparison.Ordinal);

        Start();

        Assert.Contains("default via fe80::", Routes(), StringComparison.Ordinal);
        Shell.Run($"ip -6 -n {space} route flush proto ra");
        Advertise();
        Assert.Contains("default via fe80::", Routes(), StringComparison.Ordinal);
    }

    [Fact]
    public void An_interface_that_is_made_anew_or_appears_later_hears_them_too()
    {
        Start();
        Shell.Run($"ip -n {space} link del wan0");
        Plug();
        Advertise();

        Assert.Equal("2", Value("default"));
        Assert.Contains("default via fe80::", Routes(), StringComparison.Ordinal);
    }

    [Fact]
    public void Who_sets_one_again_is_put_right_and_who_sets_none_is_obeyed()
    {
        Start();
        NetworkNamespace.Run(space, () =>
        {
            foreach (var name in (string[])["wan0", "all", "default"])
            {
                File.WriteAllText($"/proc/sys/net/ipv6/conf/{name}/accept_ra", "1");
            }

            Assert.Equal(
                ["net/ipv6/conf/all/accept_ra", "net/ipv6/conf/default/accept_ra", "net/ipv6/conf/wan0/accept_ra"],
                GatewaySysctls.KeepAdvertisementsAgain(scope).Select(each => each.Name).Order(StringComparer.Ordinal)
            );
            File.WriteAllText("/proc/sys/net/ipv6/conf/wan0/accept_ra", "0");
            Assert.Empty(GatewaySysctls.KeepAdvertisementsAgain(new SysctlScope(file)));
        });
        Assert.Equal(("0", "2", "2"), (Value("wan0"), Value("all"), Value("default")));
        NetworkNamespace.Run(space, () => Assert.Empty(scope.Restore()));
        Assert.Equal(("1", "1"), (Value("wan0"), Value("all")));
    }

    [Fact]
    public void A_machine_that_forwarded_before_heard_none_and_keeps_its_settings()
    {
        NetworkNamespace.Run(space, () => File.WriteAllText("/proc/sys/net/ipv6/conf/all/forwarding", "1"));
        Start();

        Assert.Equal(("1", "1"), (Value("wan0"), Value("default")));
    }

    private void Start() => NetworkNamespace.Run(space, () => Assert.Empty(GatewaySysctls.Apply(scope, ["wan0"])));

    private void Plug() =>
        Shell.Run(
            $"""
            set -e
            ip -n {space} link add wan0 type veth peer name lan netns {router}
            ip -n {router} link set lan addrgenmode none
            ip -n {router} link set lan up
            ip -n {space} link set wan0 up
            ip -n {router} address add fe80::77/64 dev lan nodad
            for tries in $(seq 500)
            do ip -n {space} -6 route | grep -q fe80::/64 && ip -n {router} -6 route | grep -q fe80::/64 && break; sleep 0.01; done
            """
        );

    /// <summary>
    /// One router advertisement (RFC 4861 section 4.2) with a lifetime of half an hour, from the router's link-local address.
    /// </summary>
    private void Advertise()
    {
        NetworkNamespace.Run(router, () =>
        {
            using var socket = new System.Net.Sockets.Socket(
                System.Net.Sockets.AddressFamily.InterNetworkV6,
                System.Net.Sockets.SocketType.Raw,
                System.Net.Sockets.ProtocolType.IcmpV6
            );
            var link = int.Parse(
                File.ReadAllText("/proc/thread-self/net/if_inet6")
                    .Split('\n')
                    .Single(line => line.Contains(" lan", StringComparison.Ordinal))
                    .Split(' ')[1],
                System.Globalization.NumberStyles.HexNumber
            );
            socket.SetSocketOption(System.Net.Sockets.SocketOptionLevel.IPv6, System.Net.Sockets.SocketOptionName.MulticastTimeToLive, 255);
            socket.SetSocketOption(System.Net.Sockets.SocketOptionLevel.IPv6, System.Net.Sockets.SocketOptionName.MulticastInterface, link);
            byte[] advertisement = [134, 0, 0, 0, 64, 0, 0x07, 0x08, 0, 0, 0, 0, 0, 0, 0, 0];
            socket.SendTo(advertisement, new System.Net.IPEndPoint(System.Net.IPAddress.Parse($"ff02::1%{link}"), 0));
        });
        for (var tries = 0; tries < 50 && !Routes().Contains("default", StringComparison.Ordinal); tries++)
        {
            Thread.Sleep(20);
        }
    }

    private string Routes() => Shell.Run($"ip -6 -n {space} route show default");

    private string Value(string name) =>
        NetworkNamespace.Run(space, () => File.ReadAllText($"/proc/sys/net/ipv6/conf/{name}/accept_ra").Trim());
}
