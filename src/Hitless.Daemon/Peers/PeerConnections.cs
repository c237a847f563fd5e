using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;

namespace Hitless.Daemon.Peers;

/// <summary>
/// The kept connections to one unit. A connection whose link dies breaks within seconds instead of hanging, so that the next takes another
/// link.
/// </summary>
internal sealed class PeerConnections : IDisposable
{
    private const int SocketOptionTcpUserTimeout = 18; // TCP_USER_TIMEOUT, linux/tcp.h: milliseconds that sent data may stay unacknowledged
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(1);
    private readonly Func<IReadOnlyList<IPEndPoint>> _addresses;
    private readonly HttpMessageInvoker _invoker;
    private IPEndPoint? _lastGood;

    public PeerConnections(PeerIdentity identity, Func<IReadOnlyList<IPEndPoint>> addresses)
    {
        _addresses = addresses;
        _invoker = new HttpMessageInvoker(
            new SocketsHttpHandler
            {
                UseProxy = false,
                UseCookies = false,
                AllowAutoRedirect = false,
                ActivityHeadersPropagator = null,
                PooledConnectionIdleTimeout = TimeSpan.FromSeconds(30),
                ConnectCallback = ConnectAsync,
                SslOptions = new SslClientAuthenticationOptions
                {
                    EnabledSslProtocols = SslProtocols.Tls13,
                    ClientCertificateContext = SslStreamCertificateContext.Create(identity.Certificate, null, offline: true),
                    RemoteCertificateValidationCallback = (_, certificate, _, _) => identity.Matches(certificate),
                },
            }
        );
    }

    /// <summary>Sends one request; the answer's body is still to be read.</summary>
    public Task<HttpResponseMessage> SendAsync(HttpRequestMessage message, CancellationToken cancel) => _invoker.SendAsync(message, cancel);

    public void Dispose() => _invoker.Dispose();

    private async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancel)
    {
        var known = _addresses();
        var reason = known.Count == 0 ? new IOException("no heartbeat address is known for it") : null;
        foreach (var address in known.OrderByDescending(address => address.Equals(_lastGood)))
        {
            var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            try
            {
                using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
                limit.CancelAfter(ConnectTimeout);
                BreakWhenSilent(socket);
                await socket.ConnectAsync(address, limit.Token);
                _lastGood = address;
                return new NetworkStream(socket, ownsSocket: true);
            }
            catch (Exception failed)
                when (failed is SocketException || (failed is OperationCanceledException && !cancel.IsCancellationRequested))
            {
                socket.Dispose();
                reason = new IOException(
                    failed is SocketException
                        ? $"{address}: {failed.Message}"
                        : $"{address}: no answer within {ConnectTimeout.TotalSeconds} s",
                    failed
                );
            }
            catch
            {
                socket.Dispose();
                throw;
            }
        }

        throw reason!;
    }

    private static void BreakWhenSilent(Socket socket)
    {
        socket.SetRawSocketOption((int)SocketOptionLevel.Tcp, SocketOptionTcpUserTimeout, BitConverter.GetBytes(3000));
        socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, 1);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, 1);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, 3);
    }
}
