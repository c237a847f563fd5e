using System.Net;
using System.Net.Sockets;
using Hitless.Lab.Network;
using Hitless.Linux.Namespaces;
using Hitless.Linux.Scheduling;

namespace Hitless.Bench.Failover;

/// <summary>
/// Many sessions that stand in the gateways' tables while something is measured: one UDP packet each, from the client through the primary.
/// </summary>
internal static class BackgroundFlows
{
    private const int FirstPort = 10_000;
    private const int PortsEach = 50_000;

    // Nobody listens there, and nobody answers: the server's kernel tells so of few.
    private const int Discard = 9;

    /// <summary>
    /// Opens <paramref name="count"/> of them at once, <paramref name="first"/> being the number of the first: those of other numbers are
    /// other sessions.
    /// </summary>
    public static void Open(LabPlan plan, int count, long first = 0) => NetworkNamespace.Run(plan.NamespaceOf(LabPlan.Client), () =>
        {
            // So many a second also while other programs keep the machine busy.
            RealTime.Favour(-5);
            var server = new IPEndPoint(IPAddress.Parse(Addresses.Server), Discard);
            for (var i = first; i < first + count; i++)
            {
                using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
                try
                {
                    socket.Bind(
                        new IPEndPoint(
                            IPAddress.Parse(Addresses.PlainSources[(int)(i / PortsEach % Addresses.PlainSources.Count)]),
                            FirstPort + (int)(i % PortsEach)
                        )
                    );
                    socket.SendTo([0], server);
                }
                catch (SocketException)
                {
                    // The port is taken, or the gateway is just gone: one session less.
                }
            }
        });
}
