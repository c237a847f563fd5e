using System.Net;
using Hitless.Linux.Links;
using Hitless.Linux.Namespaces;
using Hitless.Linux.Routes;

namespace Hitless.Linux.Tests.Routes;

/// <summary>By which interface the kernel would send a packet.</summary>
public sealed class RouteLookupTests : IDisposable
{
    private readonly string space = $"linux-lookup-{Environment.ProcessId}-{Guid.NewGuid():N}"[..24];

    public RouteLookupTests()
    {
        Assert.SkipUnless(Environment.UserName == "root", "needs root, for a network namespace");
        Shell.Run(
            $"""
            set -e
            ip netns add {space}
            ip -n {space} link set lo up
            for i in lan0 wan0; do ip -n {space} link add $i type veth peer name $i-far; ip -n {space} link set $i up
            ip -n {space} link set $i-far up; done
            ip -n {space} addr add 10.10.1.1/24 dev lan0; ip -n {space} addr add 10.10.2.1/24 dev wan0
            ip -n {space} addr add fd00:1::1/64 dev lan0 nodad; ip -n {space} addr add fd00:2::1/64 dev wan0 nodad
            ip -n {space} route add 172.16.0.0/12 via 10.10.1.9; ip -n {space} route add default via 10.10.2.9
            ip -n {space} route add unreachable 192.0.2.0/24
            ip -n {space} -6 route add default via fd00:2::9
            """
        );
    }

    public void Dispose() => Shell.Run($"ip netns del {space}");

    [Theory]
    [InlineData("10.10.1.77", "lan0")]
    [InlineData("172.16.5.5", "lan0")]
    [InlineData("198.51.100.1", "wan0")]
    [InlineData("fd00:1::77", "lan0")]
    [InlineData("2001:db8::1", "wan0")]
    [InlineData("10.10.1.1", null)]
    [InlineData("fd00:2::1", null)]
    [InlineData("10.10.1.255", null)]
    [InlineData("192.0.2.7", null)]
    [InlineData("224.0.0.9", null)]
    public void The_interface_is_the_one_that_leads_to_the_address(string address, string? expected) => NetworkNamespace.Run(space, () =>
        {
            using var lookup = new RouteLookup();
            using var links = new LinkTable();
            var link = lookup.LinkTo(IPAddress.Parse(address));
            Assert.Equal(expected, links.Read().FirstOrDefault(each => each.Index == link).Name);
        });
}
