using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using Hitless.Core.Sessions;

namespace Hitless.Daemon.Tests.Sessions;

/// <summary>Both ends of a PPTP control connection (RFC 2637) and of the calls that they agree on, client inside, server outside.</summary>
internal sealed class PptpConversation : IDisposable
{
    private const int IdAt = 12;
    private const int PeersIdAt = 14;
    private const int GreIdAt = 6;
    private readonly ControlConnection control;
    private readonly RawHost near;
    private readonly RawHost far;
    private byte number;

    public PptpConversation(GatewayPair pair, string source)
    {
        control = new ControlConnection(pair, 1723, source);
        near = new RawHost(pair.Client, source, Protocols.Gre);
        far = new RawHost(pair.Server, ControlConnection.OutsideAddress, Protocols.Gre);
        Ask(Message(1, 156));
        Answer(Message(2, 156, (14, 0x0100)));
    }

    /// <summary>The ids that each side gave its end of the call, and what the far side takes the near one's for.</summary>
    public readonly record struct Call(ushort NearId, ushort FarId, ushort NearIdOutside);

    /// <summary>The client calls (Outgoing-Call-Request), the server accepts.</summary>
    public Call Begin(ushort nearId, ushort farId)
    {
        var outside = Read(Ask(Message(7, 168, (IdAt, nearId))), IdAt);
        var heard = Read(Answer(Message(8, 32, (IdAt, farId), (PeersIdAt, outside), (16, 0x0100))), PeersIdAt);
        return heard == nearId
            ? new Call(nearId, farId, outside)
            : throw new InvalidOperationException($"call {nearId} was accepted as {heard}");
    }

    /// <summary>An Echo-Request and its reply: the control connection lives.</summary>
    public void Echo()
    {
        Ask(Message(5, 16));
        Answer(Message(6, 20, (16, 0x0100)));
    }

    /// <summary>A packet of the call from the server, and one back.</summary>
    public void Talk(Call call)
    {
        far.Send(((IPEndPoint)control.Server.RemoteEndPoint!).Address, Data(call.NearIdOutside, ++number));
        Await(near, call.NearId);
        near.Send(IPAddress.Parse(ControlConnection.OutsideAddress), Data(call.FarId, ++number));
        Await(far, call.FarId);
    }

    public void Dispose()
    {
        control.Dispose();
        near.Dispose();
        far.Dispose();
    }

    private byte[] Ask(byte[] message) => ControlConnection.Transmit(control.Client, control.Server, message);

    private byte[] Answer(byte[] message) => ControlConnection.Transmit(control.Server, control.Client, message);

    // Packets of other calls arrive here too.
    private void Await(RawHost host, ushort id)
    {
        byte[] packet;
        do packet = host.Receive(out _);
        while (Read(packet, GreIdAt) != id);
        if (packet[^1] != number)
            throw new InvalidOperationException($"call {id}: expected packet {number}, got {packet[^1]}");
    }

    private static byte[] Message(byte type, byte length, params (int At, ushort Value)[] fields)
    {
        var message = new byte[length];
        ((ReadOnlySpan<byte>)[0, length, 0, 1, 0x1A, 0x2B, 0x3C, 0x4D, 0, type]).CopyTo(message);
        foreach (var (at, value) in fields)
            BinaryPrimitives.WriteUInt16BigEndian(message.AsSpan(at), value);
        return message;
    }

    // GRE of version 1 with a sequence number, PPP within.
    private static byte[] Data(ushort id, byte value) => [0x30, 1, 0x88, 0x0B, 0, 1, (byte)(id >> 8), (byte)id, 0, 0, 0, value, value];

    private static ushort Read(byte[] message, int at) => BinaryPrimitives.ReadUInt16BigEndian(message.AsSpan(at));
}
