using System.Net;
using Microsoft.AspNetCore.Connections;

namespace Hitless.Daemon.Peers;

/// <summary>
/// Whoever can route to a heartbeat address may open connections to the units' API, and hold each for as long as the handshake may take.
/// Only few of them at a time, and few from one address; the configured peers have places of their own.
/// </summary>
internal sealed class StrangerLimit(IReadOnlyCollection<IPAddress> peers)
{
    /// <summary>Connections from addresses that are no peer's, together.</summary>
    public const int TotalMax = 32;

    /// <summary>Connections from one such address.</summary>
    public const int SourceMax = 8;

    private readonly Dictionary<IPAddress, int> _open = [];
    private int _total;

    /// <summary>The middleware: a connection that is one too many is closed at once.</summary>
    public ConnectionDelegate Guard(ConnectionDelegate next) =>
        async connection =>
        {
            var source = (connection.RemoteEndPoint as IPEndPoint)?.Address ?? IPAddress.None;
            if (peers.Contains(source))
            {
                await next(connection);
                return;
            }

            if (!TryEnter(source))
            {
                connection.Abort();
                return;
            }

            try
            {
                await next(connection);
            }
            finally
            {
                Leave(source);
            }
        };

    private bool TryEnter(IPAddress source)
    {
        lock (_open)
        {
            var open = _open.GetValueOrDefault(source);
            if (_total >= TotalMax || open >= SourceMax)
            {
                return false;
            }

            _open[source] = open + 1;
            _total++;
            return true;
        }
    }

    private void Leave(IPAddress source)
    {
        lock (_open)
        {
            _total--;
            if (--_open[source] == 0)
            {
                _open.Remove(source);
            }
        }
    }
}
