using Hitless.Linux.Native;
using Hitless.Linux.Netlink;

namespace Hitless.Linux.Nftables;

/// <summary>
/// Tells that somebody has changed nftables in the namespace of the thread that made it, not what. Not for several threads at once.
/// </summary>
public sealed class RulesetMonitor : IDisposable
{
    private const uint GroupNftables = 7; // NFNLGRP_NFTABLES
    private readonly NetlinkSocket _socket = new(NetlinkProtocol.Netfilter, [GroupNftables], receiveBufferBytes: 256 * 1024);
    private readonly byte[] _buffer = new byte[64 * 1024];

    /// <summary>For a poller: readable when something has changed.</summary>
    public FileDescriptor Handle => _socket.Handle;

    /// <summary>Whether anything has changed since the last call. Never waits.</summary>
    public bool TakeChanges()
    {
        for (var changed = false; ; changed = true)
        {
            if (_socket.Receive(_buffer, out _) == NetlinkReceive.Empty)
            {
                return changed;
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _socket.Dispose();
}
