using Hitless.Core.Cluster;
using Hitless.Core.Tests.Memory;
using Hitless.Linux.Links;
using Hitless.Linux.Namespaces;
using Hitless.Linux.Sockets;
using Hitless.Linux.Traffic;

namespace Hitless.Linux.Tests.Sockets;

public sealed class PortSocketTests
{
    private static readonly MacAddress Group = new(0x03_48_4c_00_07_00);
    private static readonly MacAddress Stranger = new(0x03_48_4c_00_08_00);

    [Fact]
    public void A_muted_and_a_claimed_unit_hear_each_other_through_their_ports_and_allocate_nothing()
    {
        using var units = new TwoUnits();
        units.TableA.Apply(TrafficState.Claimed).ThrowIfFailed("a");
        units.TableB.Apply(TrafficState.Muted).ThrowIfFailed("b");
        using var a = Open(units.A, Group);
        using var b = Open(units.B, Group);
        byte[] datagram = [.. "HL"u8, .. Enumerable.Range(0, 200).Select(i => (byte)i)];
        Allocation.AssertNone(() =>
        {
            Exchange(a, b, datagram);
            Exchange(b, a, datagram);
        });
        Assert.False(a.TryReceive(new byte[300], out _, out _));

        // What cannot be sealed is dropped by the kernel.
        a.Send(new byte[200]);
        Exchange(a, b, datagram);
        Assert.False(b.TryReceive(new byte[300], out _, out _));
    }

    [Fact]
    public void The_hardware_is_asked_to_take_the_group_of_the_cluster()
    {
        using var units = new TwoUnits();
        using var a = Open(units.A, Group);
        using var other = Open(units.B, Stranger);

        Assert.Contains("03:48:4c:00:07:00", Shell.Run($"ip -n {units.A} maddress show dev lan0"), StringComparison.Ordinal);
        Assert.Contains("03:48:4c:00:08:00", Shell.Run($"ip -n {units.B} maddress show dev lan0"), StringComparison.Ordinal);
    }

    [Fact]
    public void A_port_that_goes_down_and_up_goes_on()
    {
        using var units = new TwoUnits();
        using var a = Open(units.A, Group);
        using var b = Open(units.B, Group);
        Shell.Run($"ip -n {units.B} link set lan0 down");
        Assert.False(b.TryReceive(new byte[300], out _, out _));
        Assert.NotEqual(0, b.Send(new byte[100]));
        Shell.Run($"ip -n {units.B} link set lan0 up");

        Exchange(a, b, [.. "HL"u8, .. new byte[100]]);
    }

    [Fact]
    public void A_claimed_unit_notices_who_else_speaks_with_its_virtual_mac()
    {
        using var units = new TwoUnits();
        units.TableA.Apply(TrafficState.Claimed).ThrowIfFailed("a");
        Assert.Equal(0UL, units.TableA.PortsWithForeignSpeaker());

        units.TableB.Apply(TrafficState.Claimed).ThrowIfFailed("b");
        using var announcer = NetworkNamespace.Run(units.B, () => new Hitless.Linux.Announcements.Announcer(units.Ports.Take(1)));
        announcer.AnnounceAll();

        Assert.Equal(1UL, units.TableA.PortsWithForeignSpeaker());
        Assert.Equal(0UL, units.TableB.PortsWithForeignSpeaker());
    }

    private static PortSocket Open(string unit, MacAddress group) => NetworkNamespace.Run(unit, () =>
        {
            using var links = new LinkTable();
            return new PortSocket(links.Find("lan0")!.Value.Index, group);
        });

    /// <summary>
    /// The kernel takes its time, above all after a port has come up: a datagram that is not there after a second is sent again.
    /// </summary>
    private static void Exchange(PortSocket from, PortSocket to, byte[] datagram)
    {
        Span<byte> received = stackalloc byte[300];
        for (var tries = 0; tries < 5000; tries++)
        {
            if (tries % 1000 == 0)
            {
                from.Send(datagram);
            }

            if (to.TryReceive(received, out var length, out _))
            {
                Assert.True(received[..length].SequenceEqual(datagram));
                return;
            }

            Thread.Sleep(1);
        }

        Assert.Fail("the datagram did not come over");
    }
}
