using System.Diagnostics;
using System.Net;
using Hitless.Core.Cluster;
using Hitless.Core.Tests.Memory;
using Hitless.Linux.Announcements;
using Hitless.Linux.Namespaces;
using Hitless.Linux.Sockets;
using Hitless.Linux.Sysctls;
using Hitless.Linux.Traffic;

namespace Hitless.Linux.Tests.Traffic;

public sealed class ClaimFenceTests
{
    private const int HeartbeatPort = 8417;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Fresh = TimeSpan.FromMilliseconds(200);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_claim_that_is_not_renewed_mutes_the_unit(bool persists)
    {
        using var units = new TwoUnits();
        using var table = Claimed(units, TimeSpan.FromMilliseconds(50), persists);
        using var lease = NetworkNamespace.Run(units.A, () => new ClaimLease());
        Shell.Run($"ip netns exec {units.Client} ping -c 1 -W 2 10.77.1.1");

        Assert.True(lease.Renew(ClaimTerm.Lease));
        AwaitMuted(table);

        foreach (var virtualAddress in (string[])["10.77.1.1", "fd77:1::1", "10.77.2.10"])
        {
            Assert.NotEqual(0, Shell.Try($"ip netns exec {units.Client} ping -c 2 -i 0.2 -W 1 {virtualAddress}").ExitCode);
        }

        Shell.Run($"ip netns exec {units.Client} ping -c 1 -W 2 10.77.1.2");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_claim_that_is_over_stays_over_until_the_state_is_applied_again(bool persists)
    {
        using var units = new TwoUnits();
        using var table = Claimed(units, TimeSpan.FromMilliseconds(50), persists);
        using var lease = NetworkNamespace.Run(units.A, () => new ClaimLease());
        lease.Renew(ClaimTerm.Lease);
        AwaitMuted(table);

        Assert.False(lease.Renew(ClaimTerm.Lease));
        Assert.False(lease.Renew(ClaimTerm.Lasting));
        Assert.Equal(TrafficState.Muted, table.Read());

        table.Apply(TrafficState.Claimed).ThrowIfFailed("claim again");
        Assert.Equal(TrafficState.Claimed, table.Read());
    }

    [Theory]
    [InlineData(true, false, true)]
    [InlineData(false, false, true)]
    [InlineData(false, true, true)]
    [InlineData(true, false, false)]
    [InlineData(false, false, false)]
    [InlineData(false, true, false)]
    public void A_claim_that_nobody_renews_is_over_when_a_successor_announces_itself(bool virtualMac, bool onlyIpv6, bool persists)
    {
        using var units = new TwoUnits(virtualMac);
        using var table = Claimed(units, TimeSpan.FromMinutes(1), persists);
        using var lease = NetworkNamespace.Run(units.A, () => new ClaimLease());
        using var announcer = NetworkNamespace.Run(units.B, () =>
            new Announcer(
                from port in units.Ports
                select port with
                {
                    Addresses =
                    [
                        .. port.Addresses.Where(each =>
                            !onlyIpv6 || each.Address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetworkV6
                        ),
                    ],
                }
            )
        );
        Assert.True(lease.Renew(ClaimTerm.Lease));
        Thread.Sleep(Fresh * 2);
        Assert.Equal(TrafficState.Claimed, table.Read());

        units.TableB.Apply(TrafficState.Claimed).ThrowIfFailed("claim on the other");
        NetworkNamespace.Run(units.B, announcer.AnnounceAll);

        AwaitMuted(table);
        Assert.False(lease.Renew(ClaimTerm.Lease));
    }

    [Theory]
    [InlineData(true, true)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    [InlineData(false, false)]
    public void A_claim_that_is_renewed_stands_although_somebody_else_speaks_for_its_addresses(bool virtualMac, bool persists)
    {
        using var units = new TwoUnits(virtualMac);
        using var table = Claimed(units, TimeSpan.FromMinutes(1), persists);
        using var lease = NetworkNamespace.Run(units.A, () => new ClaimLease());
        using var announcer = NetworkNamespace.Run(units.B, () => new Announcer(units.Ports));
        units.TableB.Apply(TrafficState.Claimed).ThrowIfFailed("claim on the other");
        for (var i = 0; i < 20; i++)
        {
            Assert.True(lease.Renew(ClaimTerm.Lease));
            NetworkNamespace.Run(units.B, announcer.AnnounceAll);
        }

        Assert.NotEqual(0UL, table.PortsWithForeignSpeaker());
        Assert.Equal(TrafficState.Claimed, table.Read());
    }

    /// <summary>What has run out of time fills a set until the kernel collects it, each second or, on a busy machine, later.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_claim_that_is_renewed_late_over_and_over_stands(bool persists)
    {
        using var units = new TwoUnits();
        units.TableB.Apply(TrafficState.Muted).ThrowIfFailed("mute the other");
        var fence = new ClaimFence(TimeSpan.FromMinutes(1), TimeSpan.FromMilliseconds(5), TimeSpan.FromMinutes(1), HeartbeatPort, []);
        using var table = NetworkNamespace.Run(units.A, () => new TrafficTable(units.Ports, fence, persists: persists));
        table.Apply(TrafficState.Claimed).ThrowIfFailed("claim");
        using var lease = NetworkNamespace.Run(units.A, () => new ClaimLease());
        for (var late = 0; late < 200; late++)
        {
            Assert.True(lease.Renew(ClaimTerm.Lease), $"renewal {late} found the claim over");
            Thread.Sleep(12);
        }
    }

    /// <summary>Kernels before 6.9, where the rules stand twice: what is over in one table is over, whichever that is.</summary>
    [Fact]
    public void A_claim_that_is_over_in_one_of_two_tables_is_told_of_as_over()
    {
        using var units = new TwoUnits();
        using var tables = Claimed(units, TimeSpan.FromMinutes(1), persists: false);
        using var lease = NetworkNamespace.Run(units.A, () => new ClaimLease());
        Assert.True(lease.Renew(ClaimTerm.Lease));

        Shell.Run($"ip netns exec {units.A} nft flush set netdev {TrafficTable.DefaultName} claim");

        Assert.Equal(TrafficState.Muted, tables.Read());
        Assert.All(Enum.GetValues<ClaimTerm>(), term => Assert.False(lease.Renew(term)));
        tables.Apply(TrafficState.Claimed).ThrowIfFailed("claim again");
        Assert.True(lease.Renew(ClaimTerm.Lease));
        Shell.Run($"ip netns exec {units.Client} ping -c 1 -W 2 10.77.1.1");
    }

    [Fact]
    public void A_claim_goes_on_while_somebody_has_flushed_the_table_that_can_be()
    {
        using var units = new TwoUnits();
        using var tables = Claimed(units, TimeSpan.FromMinutes(1), persists: false);
        using var lease = NetworkNamespace.Run(units.A, () => new ClaimLease());

        Shell.Run($"ip netns exec {units.A} nft flush ruleset");

        Assert.All(Enum.GetValues<ClaimTerm>(), term => Assert.True(lease.Renew(term)));
        Assert.Equal(TrafficState.Claimed, tables.Read());
        Shell.Run($"ip netns exec {units.Client} ping -c 1 -W 2 10.77.1.1");
    }

    [Fact]
    public void A_claim_without_a_standby_never_expires()
    {
        using var units = new TwoUnits();
        using var table = Claimed(units, TimeSpan.FromSeconds(2));
        using var lease = NetworkNamespace.Run(units.A, () => new ClaimLease());
        Assert.Contains("expires", Claim(units, table), StringComparison.Ordinal);

        lease.Renew(ClaimTerm.Lease);
        Assert.Matches(@"expires 1s\d+ms", Claim(units, table));
        lease.Renew(ClaimTerm.Restart);
        Assert.Matches(@"expires (59s|1m)", Claim(units, table));
        lease.Renew(ClaimTerm.Lasting);
        Assert.Matches(@"expires \d{5}d", Claim(units, table));
    }

    [Fact]
    public void The_kernel_that_says_that_the_daemon_is_gone_prolongs_its_claim_once()
    {
        using var units = new TwoUnits();
        using var table = Claimed(units, TimeSpan.FromSeconds(1), heartbeatInterfaces: "lan0");
        using var lease = NetworkNamespace.Run(units.A, () => new ClaimLease());
        lease.Renew(ClaimTerm.Lease);

        // No socket on the port: the kernel answers "port unreachable".
        Shell.Run($"ip netns exec {units.B} bash -c 'echo x >/dev/udp/10.77.1.2/{HeartbeatPort}'");

        Assert.Matches(@"expires (58|59)s\d*m?s?", Claim(units, table));
        lease.Renew(ClaimTerm.Lease);
        Shell.Run($"ip netns exec {units.B} bash -c 'echo x >/dev/udp/10.77.1.2/{HeartbeatPort}'");
        Assert.DoesNotMatch("expires 5", Claim(units, table));
    }

    [Fact]
    public void A_kernel_whose_claim_is_over_tells_nobody_that_its_daemon_is_gone()
    {
        using var units = new TwoUnits();
        using var table = Claimed(units, TimeSpan.FromMilliseconds(50), heartbeatInterfaces: "lan0");
        using var lease = NetworkNamespace.Run(units.A, () => new ClaimLease());
        using var socket = NetworkNamespace.Run(units.B, () =>
            new DatagramSocket(new DatagramEndpoint(new IPEndPoint(IPAddress.Parse("10.77.1.3"), 0)), new DatagramOptions(Refusals: true))
        );
        var to = new DatagramEndpoint(new IPEndPoint(IPAddress.Parse("10.77.1.2"), HeartbeatPort));

        // Both units stand in one kernel: the answer is there when the call returns, once the neighbour is known.
        Shell.Run($"ip netns exec {units.B} ping -c 1 -W 2 10.77.1.2");
        Assert.Equal(0, socket.Send(to, "x"u8));
        Assert.True(socket.TryReadRefusal(out var by));
        Assert.Equal(to, by);
        Assert.False(socket.TryReadRefusal(out _));

        lease.Renew(ClaimTerm.Lease);
        AwaitMuted(table);
        Assert.Equal(0, socket.Send(to, "x"u8));
        Assert.False(socket.TryReadRefusal(out _));
    }

    [Fact]
    public void A_daemon_that_ends_again_within_a_second_is_told_of_again()
    {
        using var units = new TwoUnits();
        using var table = Claimed(units, TimeSpan.FromSeconds(1), heartbeatInterfaces: "lan0");
        var file = Path.Combine(Path.GetTempPath(), $"{units.A}.sysctls-test");
        NetworkNamespace.Run(units.A, () => Assert.Equal([], GatewaySysctls.Apply(new SysctlScope(file), [])));
        using var socket = NetworkNamespace.Run(units.B, () =>
            new DatagramSocket(new DatagramEndpoint(new IPEndPoint(IPAddress.Parse("10.77.1.3"), 0)), new DatagramOptions(Refusals: true))
        );
        var to = new DatagramEndpoint(new IPEndPoint(IPAddress.Parse("10.77.1.2"), HeartbeatPort));
        Shell.Run($"ip netns exec {units.B} ping -c 1 -W 2 10.77.1.2");

        // Heartbeats to a daemon that is away, at their distance: more than a kernel answers by default.
        var told = 0;
        for (var i = 0; i < 20; i++)
        {
            socket.Send(to, "x"u8);
            told += socket.TryReadRefusal(out _) ? 1 : 0;
            Thread.Sleep(20);
        }

        Assert.InRange(told, 15, 20);
        File.Delete(file);
    }

    [Fact]
    public void Renewing_allocates_nothing_and_costs_microseconds()
    {
        const int Renewals = 1000;
        using var units = new TwoUnits();
        using var table = Claimed(units, TimeSpan.FromSeconds(2));
        using var lease = NetworkNamespace.Run(units.A, () => new ClaimLease());
        var each = TimeSpan.Zero;
        Allocation.AssertNone(() =>
        {
            var begun = Stopwatch.GetTimestamp();
            for (var i = 0; i < Renewals; i++)
            {
                lease.Renew(ClaimTerm.Lease);
            }

            each = Stopwatch.GetElapsedTime(begun) / Renewals;
        });
        TestContext.Current.TestOutputHelper?.WriteLine($"{each.TotalMicroseconds:F1} microseconds a renewal");
    }

    private static TrafficTable Claimed(TwoUnits units, TimeSpan lease, bool persists = true, params string[] heartbeatInterfaces)
    {
        units.TableB.Apply(TrafficState.Muted).ThrowIfFailed("mute the other");
        var fence = new ClaimFence(lease, Fresh, TimeSpan.FromMinutes(1), HeartbeatPort, heartbeatInterfaces);
        var table = NetworkNamespace.Run(units.A, () => new TrafficTable(units.Ports, fence, persists: persists));
        table.Apply(TrafficState.Claimed).ThrowIfFailed("claim");
        Assert.Equal(TrafficState.Claimed, table.Read());
        return table;
    }

    private static string Claim(TwoUnits units, TrafficTable table)
    {
        Assert.NotNull(table.Read());
        return Shell.Run($"ip netns exec {units.A} nft list set netdev {TrafficTable.DefaultName} claim");
    }

    private static void AwaitMuted(TrafficTable table)
    {
        var begun = Stopwatch.GetTimestamp();
        while (table.Read() != TrafficState.Muted)
        {
            Assert.True(Stopwatch.GetElapsedTime(begun) < Patience, "the claim does not expire");
        }
    }
}
