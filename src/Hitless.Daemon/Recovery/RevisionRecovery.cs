using Hitless.Daemon.Common;
using Hitless.Daemon.Configuration;
using Hitless.Daemon.Control;
using Hitless.Daemon.Peers;

namespace Hitless.Daemon.Recovery;

/// <summary>Revisions of the configuration that the current one goes on from, and that are gone or damaged.</summary>
/// <param name="self">This unit's name.</param>
/// <param name="configuration">Knows what is missing, and puts it back.</param>
/// <param name="said">What <c>status</c> says of it.</param>
/// <param name="peers">The units that may have it.</param>
/// <param name="disk">Takes what becomes of it.</param>
public sealed class RevisionRecovery(
    string self,
    ConfigurationService configuration,
    IReadOnlyList<string> said,
    PeerClient peers,
    StateDisk disk
)
{
    /// <summary>Something is missing.</summary>
    public bool IsWanted => configuration.IsBroken;

    /// <summary>Asks the units that are there; nothing happens where nothing is missing.</summary>
    public async Task FetchAsync(ClusterView view, CancellationToken cancel)
    {
        if (!IsWanted)
        {
            return;
        }

        var units = new ConfigurationPeers(self, [.. view.Peers.Where(peer => peer.Present).Select(peer => peer.Name)], [], peers);
        if (await configuration.MendAsync(units, cancel) is { } from)
        {
            foreach (var text in said)
            {
                disk.NoteRepair(text, $"what was gone or damaged is here again, from {from} ({text.Split(':')[0]})");
            }
        }
    }
}
