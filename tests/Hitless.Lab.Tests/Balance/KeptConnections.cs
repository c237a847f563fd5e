using System.Net;
using System.Net.Sockets;
using Hitless.Lab.Network;
using Hitless.Linux.Namespaces;

namespace Hitless.Lab.Tests.Balance;

/// <summary>
/// TCP connections from the addresses of <see cref="InsideHosts"/> that are opened one after the other and kept: which of them go on is
/// seen at the end.
/// </summary>
internal sealed class KeptConnections : IDisposable
{
    private const int Port = 9109;
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(5);
    private readonly List<(string Host, Socket Near)> kept = [];
    private readonly List<Socket> far = [];
    private readonly Socket listener;
    private readonly Thread opening;
    private readonly Thread accepting;
    private volatile bool stopping;
    private int failed;

    /// <summary>Begins to open them.</summary>
    public KeptConnections(LabPlan plan)
    {
        listener = NetworkNamespace.Run(plan.NamespaceOf(LabPlan.Server), () =>
        {
            var made = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            made.Bind(new IPEndPoint(IPAddress.Parse(Addresses.Server), Port));
            made.Listen(512);
            return made;
        });
        string[] hosts = [.. InsideHosts.Names.Where(name => !name.Contains(':', StringComparison.Ordinal))];
        opening = new Thread(() => NetworkNamespace.Run(plan.NamespaceOf(LabPlan.Client), () => Open(hosts)));
        accepting = new Thread(Accept);
        opening.Start();
        accepting.Start();
    }

    /// <summary>Opens no more.</summary>
    public void Stop()
    {
        stopping = true;
        opening.Join();
    }

    /// <summary>How many were opened, how many could not be, and the hosts of those over which nothing comes back any more.</summary>
    public (int Opened, int Failed, IReadOnlyList<string> Dead) Ask()
    {
        foreach (var (_, near) in kept)
        {
            near.Send([1]);
        }

        // Twice as long as TCP waits before it sends for the second time.
        Thread.Sleep(TimeSpan.FromSeconds(1));
        return (kept.Count, failed, [.. kept.Where(each => each.Near.Available == 0).Select(each => each.Host)]);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Stop();
        listener.Dispose();
        accepting.Join();
        kept.ForEach(each => each.Near.Dispose());
        far.ForEach(each => each.Dispose());
    }

    private void Open(string[] hosts)
    {
        for (var number = 0; !stopping; number++, Thread.Sleep(Interval))
        {
            var host = hosts[number % hosts.Length];
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            try
            {
                socket.Bind(new IPEndPoint(IPAddress.Parse(host), 0));
                socket.Connect(IPAddress.Parse(Addresses.Server), Port);
                kept.Add((host, socket));
            }
            catch (SocketException)
            {
                failed++;
                socket.Dispose();
            }
        }
    }

    private void Accept()
    {
        while (true)
        {
            try
            {
                var socket = listener.Accept();
                far.Add(socket);
                _ = EchoAsync(socket);
            }
            catch (SocketException)
            {
                return;
            }
        }
    }

    private static async Task EchoAsync(Socket socket)
    {
        var buffer = new byte[16];
        try
        {
            for (int length; (length = await socket.ReceiveAsync(buffer)) > 0; )
            {
                await socket.SendAsync(buffer.AsMemory(0, length));
            }
        }
        catch (Exception ended) when (ended is SocketException or ObjectDisposedException)
        {
            // With the test.
        }
    }
}
