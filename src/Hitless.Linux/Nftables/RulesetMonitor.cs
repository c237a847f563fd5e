using Hitless.Linux.Native;
using Hitless.Linux.Netlink;

namespace Hitless.Linux.Nftables;

/// <summary>
/// Tells that somebody has changed nftables in the namespace of the thread that made it, not what. Not for several threads at once.
/// </summary>
public sealed class RulesetMonitor : IDisposable
{
    private const uint GroupNftables = 7; // NFNLGRP_NFTABLES
    private const int ReadsMax = 4096;
    private readonly NetlinkSocket _socket = new(NetlinkProtocol.Netfilter, [GroupNftables], receiveBufferBytes: 256 * 1024);
    private readonly byte[] _buffer = new byte[64 * 1024];

    /// <summary>For a poller: readable when something has changed.</summary>
    public FileDescriptor Handle => _socket.Handle;

    /// <summary>
    /// Whether anything has changed since the last call. Never waits, and reads no more than a socket's buffer may hold: a poller tells of
    /// the rest.
    /// </summary>
    public bool TakeChanges()
    {
        var changed = false;
        for (var i = 0; i < ReadsMax && _socket.Receive(_buffer, out _) != NetlinkReceive.Empty; i++)
        {
            changed = true;
        }

        return changed;
    }

    /// <inheritdoc/>
    public void Dispose() => _socket.Dispose();
}
