using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Hitless.Daemon.Tests.Sessions;

/// <summary>
/// Both ends of an H.323 call's signalling (Q.931 messages in TPKT, bodies in aligned PER: H.225.0, H.245), caller inside, called outside.
/// The caller says where it waits for the H.245 connection, and on that one where it hears; the called connects and speaks to what it
/// reads.
/// </summary>
internal sealed class H323Conversation : IDisposable
{
    private readonly ControlConnection control;

    public H323Conversation(GatewayPair pair) => control = new ControlConnection(pair, 1720);

    /// <summary>The caller's Setup with its H.245 address; what the called reads of it is the translated one.</summary>
    public (Socket Listener, IPEndPoint Target) Announce()
    {
        var listener = control.ListenInside(out var port);
        // Setup-UUIE: options (only h245Address), protocol 0.0.8.2250.0.2, the address; then no source information, conference 0, "create",
        // "point to point".
        byte[] body = [0, 0x40, 6, 0, 8, 0x91, 0x4A, 0, 2, 0, .. Inside(port), .. new byte[19]];
        byte[] setup = [8, 2, 0, 1, 5, 0x7E, 0, (byte)(body.Length + 1), 5, .. body];
        return (listener, Transmit(control.Client, control.Server, setup, addressAt: 19));
    }

    /// <summary>The called opens the H.245 connection that was announced: the caller's end and its own.</summary>
    public (Socket Near, Socket Far) Open((Socket Listener, IPEndPoint Target) announced) => control.Connect(announced, "h.245");

    /// <summary>
    /// On an H.245 connection the caller says where it hears (OpenLogicalChannelAck with a mediaChannel); what the called reads of it.
    /// </summary>
    public static IPEndPoint Listen((Socket Near, Socket Far) h245, int port) =>
        Transmit(h245.Near, h245.Far, [0x22, 0xC0, 0, 0, 2, 0x80, 8, 8, 0, .. Inside(port)], addressAt: 9);

    public void Dispose() => control.Dispose();

    private static IPEndPoint Transmit(Socket from, Socket to, byte[] message, int addressAt)
    {
        var heard = ControlConnection.Transmit(from, to, [3, 0, 0, (byte)(message.Length + 4), .. message]).AsSpan(4 + addressAt);
        return new IPEndPoint(new IPAddress(heard[..4]), BinaryPrimitives.ReadUInt16BigEndian(heard[4..]));
    }

    private static byte[] Inside(int port) =>
        [.. IPAddress.Parse(ControlConnection.InsideAddress).GetAddressBytes(), (byte)(port >> 8), (byte)port];
}
