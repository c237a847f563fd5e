using System.Net;
using System.Net.Sockets;

namespace Hitless.Lab.Traffic;

/// <summary>Sends back what it gets, on as many TCP connections as come (IPv4 and IPv6).</summary>
public sealed class EchoService : IDisposable
{
    private readonly Socket _listener = new(AddressFamily.InterNetworkV6, SocketType.Stream, ProtocolType.Tcp) { DualMode = true };

    /// <summary>Listens on each of the ports from now on.</summary>
    public EchoService(int port)
    {
        _listener.Bind(new IPEndPoint(IPAddress.IPv6Any, port));
        _listener.Listen(4096);
        _ = AcceptAsync();
    }

    /// <inheritdoc/>
    public void Dispose() => _listener.Dispose();

    private async Task AcceptAsync()
    {
        while (true)
        {
            Socket connection;
            try
            {
                connection = await _listener.AcceptAsync();
            }
            catch (Exception closed) when (closed is ObjectDisposedException or SocketException)
            {
                return;
            }

            _ = EchoAsync(connection);
        }
    }

    private static async Task EchoAsync(Socket connection)
    {
        using (connection)
        {
            connection.NoDelay = true;
            var buffer = GC.AllocateUninitializedArray<byte>(1024);
            try
            {
                for (int count; (count = await connection.ReceiveAsync(buffer)) > 0; )
                {
                    for (var sent = 0; sent < count; )
                    {
                        sent += await connection.SendAsync(buffer.AsMemory(sent, count - sent));
                    }
                }
            }
            catch (SocketException)
            {
                // The client counts what it loses; the server only goes along.
            }
        }
    }
}
