using Hitless.Core.Wire.Floods;

namespace Hitless.Linux.Sockets;

/// <summary>How a <see cref="DatagramSocket"/> is set up.</summary>
/// <param name="Interface">Only this interface's datagrams, whatever the routing table says; null for any.</param>
/// <param name="ReceiveBufferBytes">0 leaves the system's default.</param>
/// <param name="SendBufferBytes">0 leaves the system's default.</param>
/// <param name="Priority">
/// Queueing priority inside this machine (SO_PRIORITY), 0 to 7; above 0 the datagrams are also marked network control (DSCP CS6).
/// </param>
/// <param name="Refusals">
/// Keep what the receivers' kernels answer when nobody listens there, for <see cref="DatagramSocket.TryReadRefusal"/>.
/// </param>
/// <param name="EchoReplies">
/// Not UDP: ICMP as it is on the wire (<c>raw(7)</c>, for IPv4 received with the IP header), and only echo replies arrive.
/// </param>
/// <param name="Admits">What it takes from the start on (<see cref="DatagramSocket.Take"/>); null: everything.</param>
public readonly record struct DatagramOptions(
    string? Interface = null,
    int ReceiveBufferBytes = 0,
    int SendBufferBytes = 0,
    int Priority = 0,
    bool Refusals = false,
    bool EchoReplies = false,
    Admission? Admits = null
);
