using Hitless.Core.Keys;
using Hitless.Daemon.Control;
using Hitless.Daemon.Peers;
using Hitless.Daemon.Sessions;

namespace Hitless.Daemon.Keys;

/// <summary>The keys of this unit: in its key file, and in everything that seals, opens or proves by them.</summary>
/// <param name="file">The key file.</param>
/// <param name="keys">What it held at the start.</param>
/// <param name="control">Heartbeats.</param>
/// <param name="sessions">Sessions.</param>
/// <param name="identity">The units' API, both sides.</param>
/// <param name="peers">Keeps connections, which are made anew.</param>
public sealed class KeyHolder(
    KeyFile file,
    ClusterKeys keys,
    ControlLoop control,
    SessionLoop sessions,
    PeerIdentity identity,
    PeerClient peers
)
{
    private ClusterKeys now = file.Kept(keys);

    /// <summary>The keys in use.</summary>
    public ClusterKeys Now => Volatile.Read(ref now);

    /// <summary>Writes the keys down, then uses them everywhere. One caller at a time.</summary>
    /// <exception cref="IOException">They cannot be written: the former ones stay in use.</exception>
    /// <exception cref="UnauthorizedAccessException">Likewise.</exception>
    public async Task SetAsync(ClusterKeys next)
    {
        file.Write(next);
        await control.UseAsync(next);
        await sessions.UseAsync(next);
        identity.Use(next);
        peers.ConnectAnew();
        Volatile.Write(ref now, next);
    }
}
