using System.Net;
using System.Net.Sockets;
using System.Text;
using Hitless.Linux.Namespaces;

namespace Hitless.Daemon.Tests.Sessions;

/// <summary>
/// Both ends of a connection on which a protocol agrees about others: client inside, server outside, lines of text. The client announces
/// where it listens; somebody outside connects to that.
/// </summary>
internal sealed class ControlConnection : IDisposable
{
    public const string InsideAddress = "10.91.1.10";
    public const string OutsideAddress = "10.91.2.10";

    private readonly GatewayPair pair;

    public ControlConnection(GatewayPair pair, int port, string source = InsideAddress)
    {
        this.pair = pair;
        using var listener = GatewayPair.Listen(pair.Server, OutsideAddress, port);
        Client = NetworkNamespace.Run(pair.Client, () => new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp));
        Client.Bind(new IPEndPoint(IPAddress.Parse(source), 0));
        Client.Connect(IPAddress.Parse(OutsideAddress), port);
        Server = listener.Accept();
        Client.ReceiveTimeout = Server.ReceiveTimeout = 10_000;
    }

    public Socket Client { get; }

    public Socket Server { get; }

    /// <summary>One line from end to end; what arrives there, without its end.</summary>
    public static string Transmit(Socket from, Socket to, string text)
    {
        from.Send(Encoding.ASCII.GetBytes(text + "\r\n"));
        var buffer = new byte[200];
        var length = 0;
        while (length < 2 || buffer[length - 1] != '\n')
            length += to.Receive(buffer, length, buffer.Length - length, SocketFlags.None);
        return Encoding.ASCII.GetString(buffer, 0, length - 2);
    }

    /// <summary>A message from end to end; what arrives there, whose length no helper changes.</summary>
    public static byte[] Transmit(Socket from, Socket to, byte[] message)
    {
        from.Send(message);
        var heard = new byte[message.Length];
        using var stream = new NetworkStream(to);
        stream.ReadExactly(heard);
        return heard;
    }

    /// <summary>A socket of the client that waits for a connection, and its port.</summary>
    public Socket ListenInside(out int port) => pair.ListenInside(out port);

    /// <summary>Somebody outside connects to what was announced.</summary>
    public Conversation Follow((Socket Listener, IPEndPoint Target) announced, string name)
    {
        var (near, far) = Connect(announced, name);
        return Conversation.Over(name, near, far);
    }

    /// <summary>The same, as the two ends' sockets.</summary>
    public (Socket Near, Socket Far) Connect((Socket Listener, IPEndPoint Target) announced, string name)
    {
        using var listener = announced.Listener;
        return pair.ConnectInward(announced, name);
    }

    public void Dispose()
    {
        Client.Dispose();
        Server.Dispose();
    }
}
