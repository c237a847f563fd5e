using System.Net;
using System.Net.Sockets;
using Hitless.Core.Api;
using Hitless.Core.Notices;

namespace Hitless.Daemon.Notices;

/// <summary>A collector of syslog messages by UDP (RFC 5426): what is sent counts as taken, for nobody answers.</summary>
internal sealed class SyslogTarget(IPEndPoint collector, string cluster) : INoticeTarget
{
    private readonly Socket socket = new(collector.AddressFamily, SocketType.Dgram, ProtocolType.Udp);

    /// <inheritdoc/>
    public async Task<string?> TellAsync(ClusterEvent told, CancellationToken cancel)
    {
        try
        {
            await socket.SendToAsync(SyslogLine.Of(told, cluster), collector, cancel);
            return null;
        }
        catch (SocketException e)
        {
            return $"{collector}: {e.Message}";
        }
    }

    /// <inheritdoc/>
    public void Dispose() => socket.Dispose();
}
