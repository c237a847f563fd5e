using Hitless.Core.Sessions;

namespace Hitless.Core.Cluster;

/// <summary>
/// A number that is another one when something of the cluster has changed that does not change all the time (ages and counts do): who is
/// there, roles, states, versions, open runs, revisions, ports.
/// Taken after each step it says whether there is news, so that nobody has to look again and again. Allocates nothing.
/// </summary>
public static class ClusterFingerprint
{
    /// <summary>The cluster as <paramref name="machine"/> sees it now.</summary>
    public static ulong Of(ClusterMachine machine)
    {
        var print = With(Of(machine.Outgoing, 0), (ulong)machine.Role | ((ulong)machine.State << 8) | (machine.Synced ? 1UL << 16 : 0));
        print = With(With(With(print, machine.Primary.Number), (ulong)machine.Epoch.Number), machine.Epoch.Claimant.Number);
        for (var i = 0; i < machine.Peers.Count; i++)
        {
            var peer = machine.Peers[i];
            print = Of(peer.Last, With(With(With(print, peer.Unit.Number), peer.Tag.Bits), peer.Absent ? 1UL : 0));
        }

        return print;
    }

    private static ulong Of(Heartbeat said, ulong print)
    {
        var flags =
            (said.Upgrading ? 1UL : 0)
            | (said.Override ? 2UL : 0)
            | (said.Held ? 4UL : 0)
            | ((ulong)said.Role << 8)
            | ((ulong)said.State << 16)
            | ((ulong)said.Priority << 24)
            | ((ulong)said.Failures << 32);
        return With(With(With(With(With(print, flags), said.RevisionTag), (ulong)said.Epoch.Number), said.PortsUp), said.ForwardingDigest);
    }

    private static ulong With(ulong print, ulong value) => SessionKey.Mix(print ^ value);
}
