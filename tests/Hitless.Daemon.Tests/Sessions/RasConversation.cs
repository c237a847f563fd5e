using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Hitless.Daemon.Tests.Sessions;

/// <summary>
/// An H.323 terminal inside that registers with a gatekeeper outside (H.225.0 RAS in aligned PER), and is called by it where it said that
/// it waits.
/// </summary>
internal sealed class RasConversation : IDisposable
{
    private const int Port = 1719;
    private const int SignalAddressAt = 14;
    private static readonly byte[] Protocol = [6, 0, 8, 0x91, 0x4A, 0, 2];
    private readonly GatewayPair pair;
    private readonly Socket terminal;
    private readonly Socket gatekeeper;

    public RasConversation(GatewayPair pair)
    {
        this.pair = pair;
        terminal = GatewayPair.Bound(pair.Client, ControlConnection.InsideAddress, Port);
        gatekeeper = GatewayPair.Bound(pair.Server, ControlConnection.OutsideAddress, Port);
    }

    /// <summary>
    /// RegistrationRequest with the address of the terminal's call signalling, and RegistrationConfirm; what the gatekeeper read of the
    /// address.
    /// </summary>
    public IPEndPoint Register(int signalPort)
    {
        // No options; addresses for signalling and RAS, an endpoint of no kind, a vendor.
        terminal.SendTo(
            [0x0C, 0, 0, 0, .. Protocol, 0, 1, 0, .. Inside(signalPort), 1, 0, .. Inside(Port), 0, 0, 0xB5, 0, 0, 0x12, 0],
            Outside
        );
        EndPoint from = new IPEndPoint(IPAddress.Any, 0);
        var heard = new byte[200];
        gatekeeper.ReceiveFrom(heard, ref from);
        // No addresses of its own; the endpoint's identifier is "A".
        gatekeeper.SendTo([0x10, 0, 0, 0, .. Protocol, 0, 0, 0, 0, 0x41, 0], from);
        terminal.Receive(new byte[200]);
        var address = heard.AsSpan(SignalAddressAt);
        return new IPEndPoint(new IPAddress(address[..4]), BinaryPrimitives.ReadUInt16BigEndian(address[4..]));
    }

    /// <summary>The gatekeeper opens a call to a registered address.</summary>
    public Conversation Call(Socket listener, IPEndPoint registered)
    {
        var (near, far) = pair.ConnectInward((listener, registered), "q.931");
        return Conversation.Over("q.931", near, far);
    }

    public void Dispose()
    {
        terminal.Dispose();
        gatekeeper.Dispose();
    }

    private static IPEndPoint Outside => new(IPAddress.Parse(ControlConnection.OutsideAddress), Port);

    private static byte[] Inside(int port) =>
        [.. IPAddress.Parse(ControlConnection.InsideAddress).GetAddressBytes(), (byte)(port >> 8), (byte)port];
}
