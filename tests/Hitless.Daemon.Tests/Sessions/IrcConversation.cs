using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Hitless.Core.Sessions;
using Hitless.Linux.Namespaces;

namespace Hitless.Daemon.Tests.Sessions;

/// <summary>Both ends of an IRC connection, client inside, server outside; the client offers files (DCC SEND), which somebody outside fetches by connecting to it.</summary>
internal sealed class IrcConversation : IDisposable
{
    private readonly GatewayPair pair;
    private readonly Socket client;
    private readonly Socket server;

    public IrcConversation(GatewayPair pair)
    {
        this.pair = pair;
        using var listener = Listen(pair.Server, "10.91.2.10", 6667);
        client = NetworkNamespace.Run(pair.Client, () => new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp));
        client.Connect(IPAddress.Parse("10.91.2.10"), 6667);
        server = listener.Accept();
        client.ReceiveTimeout = server.ReceiveTimeout = 10_000;
        Transmit(server, client, ":irc 001 a :welcome");
    }

    /// <summary>The client says where it listens; what others read of it is the translated address.</summary>
    public (Socket Listener, IPEndPoint Target) Offer()
    {
        var listener = Listen(pair.Client, "10.91.1.10", 0);
        var line = Transmit(client, server, $"PRIVMSG b :\u0001DCC SEND file {SessionTuple.Number(IPAddress.Parse("10.91.1.10"))} {((IPEndPoint)listener.LocalEndPoint!).Port} 1000\u0001");
        var words = line.Split(' ');
        return (listener, new IPEndPoint(SessionTuple.Address(UInt128.Parse(words[5], CultureInfo.InvariantCulture), v6: false), int.Parse(words[6], CultureInfo.InvariantCulture)));
    }

    /// <summary>Somebody outside connects to what was offered.</summary>
    public Conversation Fetch((Socket Listener, IPEndPoint Target) offered)
    {
        var far = NetworkNamespace.Run(pair.Server, () => new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp));
        if (!far.ConnectAsync(offered.Target).Wait(TimeSpan.FromSeconds(10)))
            throw new TimeoutException($"no file from {offered.Target}");
        using var listener = offered.Listener;
        return Conversation.Over("dcc", listener.Accept(), far);
    }

    public void Dispose()
    {
        client.Dispose();
        server.Dispose();
    }

    private static Socket Listen(string host, string address, int port) => NetworkNamespace.Run(host, () =>
    {
        var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { ReceiveTimeout = 10_000 };
        listener.Bind(new IPEndPoint(IPAddress.Parse(address), port));
        listener.Listen();
        return listener;
    });

    private static string Transmit(Socket from, Socket to, string text)
    {
        from.Send(Encoding.ASCII.GetBytes(text + "\r\n"));
        var buffer = new byte[200];
        var length = 0;
        while (length < 2 || buffer[length - 1] != '\n')
            length += to.Receive(buffer, length, buffer.Length - length, SocketFlags.None);
        return Encoding.ASCII.GetString(buffer, 0, length - 2);
    }
}
