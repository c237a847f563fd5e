using Hitless.Core.Keys;
using Hitless.Daemon.Control;
using Hitless.Daemon.Peers;
using Hitless.Daemon.Sessions;
using Hitless.Firmware.Files;

namespace Hitless.Daemon.Keys;

/// <summary>The keys of this unit: in its key file, and in everything that seals, opens or proves by them.</summary>
/// <param name="path">The file that <c>cluster.key-file</c> names.</param>
/// <param name="keys">What it held at the start.</param>
/// <param name="control">Heartbeats.</param>
/// <param name="sessions">Sessions.</param>
/// <param name="identity">The units' API, both sides.</param>
/// <param name="peers">Keeps connections, which are made anew.</param>
public sealed class KeyHolder(
    string path,
    ClusterKeys keys,
    ControlLoop control,
    SessionLoop sessions,
    PeerIdentity identity,
    PeerClient peers
)
{
    private ClusterKeys now = keys;

    /// <summary>The keys in use.</summary>
    public ClusterKeys Now => Volatile.Read(ref now);

    /// <summary>Writes the keys down, then uses them everywhere. One caller at a time.</summary>
    /// <exception cref="IOException">They cannot be written: the former ones stay in use.</exception>
    /// <exception cref="UnauthorizedAccessException">Likewise.</exception>
    public async Task SetAsync(ClusterKeys next)
    {
        DurableFile.WriteAllText(path, next.ToFileText(), File.Exists(path) ? File.GetUnixFileMode(path) : DurableFile.OwnerOnly);
        await control.UseAsync(next);
        await sessions.UseAsync(next);
        identity.Use(next);
        peers.ConnectAnew();
        Volatile.Write(ref now, next);
    }
}
