using System.Net;
using System.Net.Sockets;
using System.Text;
using Hitless.Lab.Network;
using Hitless.Lab.Tests.Clusters;
using Hitless.Lab.Tests.Machine;
using Hitless.Lab.Tools;
using Hitless.Linux.Namespaces;
using Xunit;

namespace Hitless.Lab.Tests.Balance;

/// <summary>What is hard to send through the right one of several units: helpers' connections, fragments, ICMP errors.</summary>
public sealed class SharedProtocolTests
{
    private const int EchoPort = 9108;
    private const int FarMtu = 1300;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Scenario]
    public async Task Programs_of_every_protocol_go_on_at_a_standby_and_while_their_flows_move()
    {
        Prerequisites.NeedPrograms("lftp", "vsftpd", "sipp", "tftp", "in.tftpd");
        using var cluster = await Shares.UpAsync(units: 3);
        var shares = new Shares(cluster);
        shares.Watch();
        var (primary, standbys) = (shares.Primary, shares.Standbys);
        var hosts = await HostsOfAsync(cluster, shares, v6: false);
        var (first, second) = (hosts[standbys[0]], hosts[standbys[1]]);
        using var guests = new GuestPrograms(cluster.Plan, source: second);
        var passive = guests.Ftp(first, passive: true);
        var active = guests.Ftp(second, passive: false);
        var calls = guests.Calls(first);
        var ping = guests.Ping(seconds: 20, source: second);
        foreach (var ftp in (Guest[])[passive, active])
        {
            await ftp.UntilSaidAsync("RETR medium", Limit, Cancellation);
        }

        var tftp = guests.Tftp("big");
        await Task.Delay(TimeSpan.FromSeconds(3), Cancellation);
        Assert.True(cluster.Watch.Cli(primary).Run("unit", "hold", standbys[0]).Ok);
        await shares.UntilBucketsAsync(standbys[0], 0);
        Assert.True(cluster.Watch.Cli(primary).Run("unit", "release", standbys[0]).Ok);

        foreach (var ftp in (Guest[])[passive, active])
        {
            var said = await ftp.EndsWellAsync(Limit, Cancellation);
            Assert.Contains("\n3000000\n", said, StringComparison.Ordinal);
            Assert.Contains("\nsmall\n", said, StringComparison.Ordinal);
            // One control connection and two data channels, and no second try.
            Assert.Equal(2, said.Split("---- Connecting to").Length);
        }

        await tftp.EndsWellAsync(Limit, Cancellation);
        guests.AssertWhole("big");
        Assert.Contains(" 0% packet loss", await ping.EndsWellAsync(Limit, Cancellation), StringComparison.Ordinal);
        await calls.EndsWellAsync(Limit, Cancellation);
        Assert.All(
            (((string, string)[])[(standbys[0], first), (standbys[1], second)]).SelectMany(each =>
                ((string, string)[])[(each.Item1, $"from {each.Item2}"), (each.Item1, $"to {each.Item2}")]
            ),
            each =>
                Assert.True(shares.Counts(each.Item1).GetValueOrDefault(each.Item2) > 100, $"{each.Item1} forwarded nothing {each.Item2}")
        );
    }

    [Scenario]
    public async Task Fragments_and_errors_about_the_path_s_size_meet_the_unit_of_their_flow()
    {
        using var cluster = await Shares.UpAsync(units: 3);
        var shares = new Shares(cluster);
        shares.Watch();
        MakeFarNetwork(cluster);
        foreach (var v6 in (bool[])[false, true])
        {
            var hosts = await HostsOfAsync(cluster, shares, v6);
            var number = 0;
            foreach (var (unit, host) in hosts)
            {
                var before = cluster.Plan.Units.ToDictionary(each => each, shares.Counts);
                Assert.Equal(20, Exchange(cluster.Plan, host, v6 ? Addresses.Server6 : Addresses.Server, bytes: 8000, count: 20));
                var far = v6 ? $"fd00:9::{++number + 10}" : $"10.77.9.{++number + 10}";
                await AssertLearnsAsync(cluster.Plan, host, far);

                foreach (var other in cluster.Plan.Units)
                {
                    var (had, has) = (before[other], shares.Counts(other));
                    long Grown(string way) => has.GetValueOrDefault($"{way} {host}") - had.GetValueOrDefault($"{way} {host}");
                    Assert.True(Grown("from") > 0 == (other == unit), $"{other} forwarded {Grown("from")} packets from {host}, {unit}'s");
                    Assert.True(Grown("to") > 0 == (other == unit), $"{other} forwarded {Grown("to")} packets to {host}, {unit}'s");
                }
            }
        }
    }

    /// <summary>A host of each unit, by the unit; nothing is on its way from or to it any more.</summary>
    private static async Task<IReadOnlyDictionary<string, string>> HostsOfAsync(LabCluster cluster, Shares shares, bool v6)
    {
        using var hosts = new InsideHosts(cluster.Plan);
        await Task.Delay(TimeSpan.FromSeconds(1), Cancellation);
        var owners = await shares.OwnersAsync();
        return cluster.Plan.Units.ToDictionary(
            unit => unit,
            unit => owners.First(each => each.Key.Contains(':', StringComparison.Ordinal) == v6 && each.Value.Single() == unit).Key
        );
    }

    /// <summary>Behind the server a network whose packets are at most <see cref="FarMtu"/> bytes.</summary>
    private static void MakeFarNetwork(LabCluster cluster)
    {
        var server = cluster.Plan.NamespaceOf(LabPlan.Server);
        Topology.Batch(
            server,
            new StringBuilder(
                $"link add far0 mtu {FarMtu} type veth peer name far1\nlink set far1 up\nlink set far0 up\n"
                    + "address add 10.77.9.1/24 dev far0\naddress add fd00:9::1/64 dev far0 nodad\n"
            )
        );
        Topology.SetSysctls(server, ["net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1"]);
        foreach (var unit in cluster.Plan.Units.Select(cluster.Plan.NamespaceOf))
        {
            Topology.Batch(
                unit,
                new StringBuilder($"route add 10.77.9.0/24 via {Addresses.Server}\nroute add fd00:9::/64 via {Addresses.Server6}\n")
            );
        }
    }

    /// <summary>How many datagrams of so many bytes come back whole from the server.</summary>
    private static int Exchange(LabPlan plan, string host, string server, int bytes, int count)
    {
        using var far = Open(plan.NamespaceOf(LabPlan.Server), server, EchoPort);
        using var near = Open(plan.NamespaceOf(LabPlan.Client), host, 0);
        near.Connect(IPAddress.Parse(server), EchoPort);
        far.ReceiveTimeout = near.ReceiveTimeout = 2000;
        var (sent, buffer) = (new byte[bytes], new byte[bytes + 1]);
        Random.Shared.NextBytes(sent);
        var came = 0;
        for (var number = 0; number < count; number++)
        {
            near.Send(sent);
            EndPoint from = new IPEndPoint(near.AddressFamily == AddressFamily.InterNetwork ? IPAddress.Any : IPAddress.IPv6Any, 0);
            var length = far.ReceiveFrom(buffer, ref from);
            far.SendTo(buffer.AsSpan(0, length), from);
            came += near.Receive(buffer) == bytes && buffer.AsSpan(0, bytes).SequenceEqual(sent) ? 1 : 0;
        }

        return came;
    }

    /// <summary>The host learns from the router at the far network how large its packets may be.</summary>
    private static async Task AssertLearnsAsync(LabPlan plan, string host, string far)
    {
        var client = plan.NamespaceOf(LabPlan.Client);
        using var socket = Open(client, host, 0);
        if (socket.AddressFamily == AddressFamily.InterNetwork)
        {
            // Without leave to cut it (IP_PMTUDISC_DO), as routers never do with IPv6: the router has to say so.
            socket.DontFragment = true;
        }

        var route = "";
        for (var tries = 0; tries < 10; tries++)
        {
            try
            {
                socket.SendTo(new byte[1400], new IPEndPoint(IPAddress.Parse(far), 9));
            }
            catch (SocketException told) when (told.SocketErrorCode == SocketError.MessageSize)
            {
                // The kernel knows.
            }

            await Task.Delay(100, Cancellation);
            route = Tool.Run("ip", ["-n", client, "route", "get", far, "from", host]);
            if (route.Contains($"mtu {FarMtu}", StringComparison.Ordinal))
            {
                return;
            }
        }

        Assert.Fail($"{host} has not learned the size of the path to {far}: {route}");
    }

    private static Socket Open(string space, string address, int port) => NetworkNamespace.Run(space, () =>
        {
            var at = new IPEndPoint(IPAddress.Parse(address), port);
            var socket = new Socket(at.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
            socket.Bind(at);
            return socket;
        });
}
