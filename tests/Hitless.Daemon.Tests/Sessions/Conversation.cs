using System.Net;
using System.Net.Sockets;
using Hitless.Linux.Namespaces;

namespace Hitless.Daemon.Tests.Sessions;

/// <summary>A connection through the gateways, between sockets that were made in the hosts' namespaces, with an end that echoes.</summary>
internal sealed class Conversation : IDisposable
{
    private const int Patience = 10_000;
    private readonly Socket near;
    private readonly Socket far;
    private byte number;

    private Conversation(string name, Socket near, Socket far)
    {
        (Name, this.near, this.far) = (name, near, far);
        near.ReceiveTimeout = far.ReceiveTimeout = Patience;
    }

    public string Name { get; }

    /// <summary>
    /// Connects from one host to a port of another; <paramref name="through"/> is the address dialled where that is not the host's own,
    /// <paramref name="source"/> the one dialled from.
    /// </summary>
    public static Conversation Tcp(
        string name,
        string from,
        string to,
        string host,
        int port,
        (string Address, int Port)? through = null,
        string? source = null
    )
    {
        using var listener = NetworkNamespace.Run(to, () =>
        {
            var made = NewSocket(host, SocketType.Stream);
            made.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
            made.Bind(new IPEndPoint(IPAddress.Parse(host), port));
            made.Listen();
            return made;
        });
        var near = NetworkNamespace.Run(from, () => NewSocket(host, SocketType.Stream));
        near.SendTimeout = Patience;
        if (source is not null)
            near.Bind(new IPEndPoint(IPAddress.Parse(source), 0));
        near.Connect(IPAddress.Parse(through?.Address ?? host), through?.Port ?? port);
        return new Conversation(name, near, listener.Accept());
    }

    public static Conversation Udp(string name, string from, string to, string host, int port)
    {
        var far = NetworkNamespace.Run(to, () =>
        {
            var made = NewSocket(host, SocketType.Dgram);
            made.Bind(new IPEndPoint(IPAddress.Parse(host), port));
            return made;
        });
        var near = NetworkNamespace.Run(from, () => NewSocket(host, SocketType.Dgram));
        near.Connect(IPAddress.Parse(host), port);
        near.Send([0]);
        EndPoint peer = new IPEndPoint(IPAddress.Parse(host), 0);
        far.ReceiveTimeout = Patience;
        far.ReceiveFrom(new byte[1], ref peer);
        far.Connect(peer);
        return new Conversation(name, near, far);
    }

    /// <summary>A conversation over sockets that are connected already.</summary>
    public static Conversation Over(string name, Socket near, Socket far) => new(name, near, far);

    /// <summary>A numbered message there and back, begun by either side. Throws when it does not arrive.</summary>
    public void Exchange(bool farBegins = false)
    {
        var (first, second) = farBegins ? (far, near) : (near, far);
        try
        {
            Pass(first, second, ++number);
            Pass(second, first, ++number);
        }
        catch (SocketException exception)
        {
            throw new InvalidOperationException($"{Name}: {exception.Message}", exception);
        }
    }

    /// <summary>So many bytes from each side to the other: the windows move on.</summary>
    public void Pour(int bytes)
    {
        foreach (var (from, to) in ((Socket, Socket)[])[(near, far), (far, near)])
        {
            var sent = Task.Run(() => from.Send(new byte[bytes]));
            var buffer = new byte[64 * 1024];
            for (var left = bytes; left > 0; )
                left -= to.Receive(buffer, Math.Min(left, buffer.Length), SocketFlags.None);
            sent.Wait();
        }
    }

    public void Dispose()
    {
        near.Dispose();
        far.Dispose();
    }

    private static Socket NewSocket(string host, SocketType type) =>
        new(IPAddress.Parse(host).AddressFamily, type, type == SocketType.Stream ? ProtocolType.Tcp : ProtocolType.Udp);

    private static void Pass(Socket from, Socket to, byte value)
    {
        from.Send([value]);
        var received = new byte[1];
        if (to.Receive(received) != 1 || received[0] != value)
            throw new InvalidOperationException($"expected message {value}, got {received[0]}");
    }
}
