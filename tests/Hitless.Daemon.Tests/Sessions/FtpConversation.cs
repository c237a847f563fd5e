using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Hitless.Linux.Namespaces;

namespace Hitless.Daemon.Tests.Sessions;

/// <summary>Both ends of an FTP control connection, client inside, server outside, in active mode: the server opens the data channels that the client announces.</summary>
internal sealed class FtpConversation : IDisposable
{
    private readonly GatewayPair pair;
    private readonly Socket client;
    private readonly Socket server;

    public FtpConversation(GatewayPair pair)
    {
        this.pair = pair;
        using var listener = Listen(pair.Server, "10.91.2.10", 21);
        client = NetworkNamespace.Run(pair.Client, () => new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp));
        client.Connect(IPAddress.Parse("10.91.2.10"), 21);
        server = listener.Accept();
        client.ReceiveTimeout = server.ReceiveTimeout = 10_000;
        Say(server, client, "220 ready");
        // The kernel's helper reads a command only after it has seen the end of the one before.
        Exchange();
    }

    /// <summary>A line of text there and an answer back, through both directions' sequence numbers.</summary>
    public void Exchange()
    {
        Say(client, server, "NOOP");
        Say(server, client, "200 fine");
    }

    /// <summary>The client announces where it listens; what the server reads of it is the translated address.</summary>
    public (Socket Listener, IPEndPoint Target) Announce()
    {
        var listener = Listen(pair.Client, "10.91.1.10", 0);
        var port = ((IPEndPoint)listener.LocalEndPoint!).Port;
        var line = Transmit(client, server, $"PORT 10,91,1,10,{port >> 8},{port & 255}");
        Say(server, client, "200 go ahead");
        var numbers = line["PORT ".Length..].Split(',').Select(each => byte.Parse(each, CultureInfo.InvariantCulture)).ToArray();
        return (listener, new IPEndPoint(new IPAddress(numbers.AsSpan(0, 4)), (numbers[4] << 8) | numbers[5]));
    }

    /// <summary>The server opens the announced data channel.</summary>
    public Conversation Open((Socket Listener, IPEndPoint Target) announced)
    {
        var far = NetworkNamespace.Run(pair.Server, () => new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp));
        if (!far.ConnectAsync(announced.Target).Wait(TimeSpan.FromSeconds(10)))
            throw new TimeoutException($"no data channel to {announced.Target}");
        using var listener = announced.Listener;
        return Conversation.Over("ftp data", listener.Accept(), far);
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

    private static void Say(Socket from, Socket to, string text)
    {
        var heard = Transmit(from, to, text);
        if (heard != text)
            throw new InvalidOperationException($"\"{text}\" was heard as \"{heard}\"");
    }

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
