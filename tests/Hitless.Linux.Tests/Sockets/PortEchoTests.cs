using System.Net;
using Hitless.Core.Cluster;
using Hitless.Core.Tests.Memory;
using Hitless.Linux.Links;
using Hitless.Linux.Namespaces;
using Hitless.Linux.Sockets;
using Hitless.Linux.Traffic;

namespace Hitless.Linux.Tests.Sockets;

/// <summary>A kernel is asked through a port by what its MAC says (docs/decisions/0039).</summary>
public sealed class PortEchoTests
{
    [Fact]
    public void The_link_local_address_follows_from_the_mac()
    {
        Assert.True(MacAddress.TryParse("56:8c:fc:a7:84:3d", out var mac));

        Assert.Equal(
            new DatagramEndpoint(new IPEndPoint(IPAddress.Parse("fe80::548c:fcff:fea7:843d%7"), 0)),
            DatagramEndpoint.LinkLocal(mac, 7)
        );
    }

    [Fact]
    public void A_muted_and_a_claimed_kernel_answer_each_other_through_a_port_and_asking_allocates_nothing()
    {
        using var units = new TwoUnits();
        units.TableA.Apply(TrafficState.Claimed).ThrowIfFailed("a");
        units.TableB.Apply(TrafficState.Muted).ThrowIfFailed("b");
        Exchange(units.A, units.B);
        Exchange(units.B, units.A);
    }

    private static void Exchange(string asking, string asked)
    {
        Assert.True(MacAddress.TryParse(Shell.Run($"ip netns exec {asked} cat /sys/class/net/lan0/address").Trim(), out var mac));
        var (socket, port) = NetworkNamespace.Run(asking, () =>
        {
            using var links = new LinkTable();
            return (new EchoSocket(new DatagramEndpoint(new IPEndPoint(IPAddress.IPv6Any, 0)), "lan0"), links.Find("lan0")!.Value.Index);
        });
        using var _ = socket;
        var to = DatagramEndpoint.LinkLocal(mac, port);
        var question = 77u;
        Allocation.AssertNone(() => Assert.True(IsAnswered(socket, to, question++)));
    }

    /// <summary>
    /// The first answer waits until the address is known to be nobody else's, and its MAC is found out: asked again each second.
    /// </summary>
    private static bool IsAnswered(EchoSocket socket, in DatagramEndpoint to, uint question)
    {
        for (var tries = 0; tries < 5000; tries++)
        {
            if (tries % 1000 == 0)
            {
                socket.Ask(to, question);
            }

            var budget = 8;
            if (socket.TryReceive(ref budget, out var answered, out var from))
            {
                return answered == question && from == to;
            }

            Thread.Sleep(1);
        }

        return false;
    }
}
