using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Hitless.Lab.Network;
using Hitless.Lab.Traffic;
using Hitless.Linux.Namespaces;
using Xunit;

namespace Hitless.Lab.Tests.Balance;

/// <summary>
/// Many hosts behind the gateway, each an address of the client, that speak with an echo at the server all the time: enough of them that
/// each unit has some.
/// </summary>
internal sealed class InsideHosts : IDisposable
{
    private const int Port = 9107;
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(40);
    private static readonly TimeSpan EchoTimeout = TimeSpan.FromMilliseconds(800);
    private readonly Host[] hosts;
    private readonly Socket[] echoes;
    private readonly Thread[] threads;
    private volatile bool stopping;
    private volatile bool ending;

    /// <summary>Adds the addresses, and begins to speak.</summary>
    public InsideHosts(LabPlan plan)
    {
        var (client, server) = (plan.NamespaceOf(LabPlan.Client), plan.NamespaceOf(LabPlan.Server));
        var lines = new StringBuilder();
        foreach (var name in Names)
        {
            lines.AppendLine(
                $"address replace {name}{(name.Contains(':', StringComparison.Ordinal) ? "/64 dev eth0 nodad" : "/24 dev eth0")}"
            );
        }

        Topology.Batch(client, lines);
        echoes = [Open(server, Addresses.Server, Port), Open(server, Addresses.Server6, Port)];
        hosts = [.. Names.Select(name => new Host(name, Open(client, name, 0)))];
        threads = [.. echoes.Select(echo => new Thread(() => Echo(echo))), new Thread(Speak)];
        foreach (var thread in threads)
        {
            thread.Start();
        }
    }

    /// <summary>Addresses that the firewall forwards as they are.</summary>
    public static IReadOnlyList<string> Names { get; } =
    [.. Enumerable.Range(32, 40).Select(number => $"10.10.1.{number}"), .. Enumerable.Range(310, 16).Select(number => $"fd00:1::{number}")];

    /// <summary>Ends the talk, waits for the last echoes, and says how many each host has lost.</summary>
    public IReadOnlyDictionary<string, Talk> Finish()
    {
        stopping = true;
        threads[^1].Join();
        return hosts.ToDictionary(host => host.Name, host => host.Said(), StringComparer.Ordinal);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        stopping = ending = true;
        foreach (var thread in threads)
        {
            thread.Join();
        }

        Array.ForEach(hosts, host => host.Socket.Dispose());
        Array.ForEach(echoes, echo => echo.Dispose());
    }

    private static Socket Open(string space, string address, int port) => NetworkNamespace.Run(space, () =>
        {
            var at = new IPEndPoint(IPAddress.Parse(address), port);
            var socket = new Socket(at.AddressFamily, SocketType.Dgram, ProtocolType.Udp) { ReceiveBufferSize = 1 << 20 };
            socket.Bind(at);
            return socket;
        });

    private void Speak()
    {
        var number = 0;
        var next = TrafficClock.Now;
        var buffer = new byte[64];
        while (!stopping)
        {
            number++;
            Array.ForEach(hosts, host => host.Send(number));
            for (next += TrafficClock.Stamps(Interval); TrafficClock.Now < next; Thread.Sleep(2))
            {
                Array.ForEach(hosts, host => host.Receive(buffer));
            }
        }

        for (var until = TrafficClock.Now + TrafficClock.Stamps(EchoTimeout); TrafficClock.Now < until; Thread.Sleep(5))
        {
            Array.ForEach(hosts, host => host.Receive(buffer));
        }
    }

    private void Echo(Socket socket)
    {
        var buffer = new byte[64];
        EndPoint from = new IPEndPoint(socket.AddressFamily == AddressFamily.InterNetwork ? IPAddress.Any : IPAddress.IPv6Any, 0);
        while (!ending)
        {
            if (socket.Poll(100_000, SelectMode.SelectRead))
            {
                var length = socket.ReceiveFrom(buffer, ref from);
                socket.SendTo(buffer.AsSpan(0, length), from);
            }
        }
    }

    /// <summary>What a host has said and heard. The longest time between two echoes in milliseconds.</summary>
    public sealed record Talk(int Sent, int Received, int LongestGapMs)
    {
        /// <summary>Packets without an echo.</summary>
        public int Lost => Sent - Received;
    }

    private sealed class Host(string name, Socket socket)
    {
        private readonly IPEndPoint server = new(
            IPAddress.Parse(name.Contains(':', StringComparison.Ordinal) ? Addresses.Server6 : Addresses.Server),
            Port
        );
        private readonly ConcurrentDictionary<int, byte> heard = new();
        private int sent;
        private long lastAt;
        private long longest;

        public string Name => name;

        public Socket Socket => socket;

        public void Send(int number)
        {
            socket.SendTo(BitConverter.GetBytes(number), server);
            sent++;
        }

        public void Receive(byte[] buffer)
        {
            while (socket.Available > 0)
            {
                var length = socket.Receive(buffer);
                Assert.Equal(sizeof(int), length);
                heard[BitConverter.ToInt32(buffer)] = 0;
                var now = TrafficClock.Now;
                longest = lastAt == 0 ? 0 : Math.Max(longest, now - lastAt);
                lastAt = now;
            }
        }

        public Talk Said() => new(sent, heard.Count, (int)(longest * 1000 / TrafficClock.Stamps(TimeSpan.FromSeconds(1))));
    }
}
