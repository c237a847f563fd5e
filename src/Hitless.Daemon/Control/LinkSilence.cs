using Hitless.Core.Configuration;
using Hitless.Core.Wire;
using Hitless.Linux.Sockets;

namespace Hitless.Daemon.Control;

/// <summary>
/// Finds the heartbeat link that is dead while another one works: nothing is lost by it yet, and nobody would notice before the other one
/// fails too. A peer that is silent on all of them is a
/// matter of the cluster, not of a link. Hearing allocates nothing.
/// </summary>
public sealed class LinkSilence
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(5);
    private readonly IReadOnlyList<HeartbeatLinkSettings> links;
    private readonly DatagramEndpoint[][] peers;
    private readonly (UnitId Unit, TimeSpan At)[][] heard;
    private TimeSpan begun = TimeSpan.MinValue;

    /// <param name="links">The heartbeat links.</param>
    /// <param name="peers">For each link where the heartbeats of its peers come from.</param>
    public LinkSilence(IReadOnlyList<HeartbeatLinkSettings> links, DatagramEndpoint[][] peers)
    {
        this.links = links;
        this.peers = peers;
        heard = [.. peers.Select(each => each.Select(_ => (UnitId.None, TimeSpan.MinValue)).ToArray())];
    }

    /// <summary>The interface of a link.</summary>
    public string NameOf(int link) => links[link].Interface;

    /// <summary>An authentic heartbeat of <paramref name="unit"/> came on a link.</summary>
    public void Heard(int link, in DatagramEndpoint from, UnitId unit, TimeSpan now)
    {
        begun = begun == TimeSpan.MinValue ? now : begun;
        for (var i = 0; i < peers[link].Length; i++)
        {
            if (peers[link][i] == from)
            {
                heard[link][i] = (unit, now);
            }
        }
    }

    /// <summary>
    /// The peers that are silent on a link while they are heard on another one; <paramref name="isOpen"/>: nothing is said of links that
    /// are known to be missing here.
    /// </summary>
    public IEnumerable<string> ProblemsAt(TimeSpan now, Func<int, bool> isOpen)
    {
        // Nobody is said to be silent by a unit that has hardly begun to listen.
        for (var link = 0; link < heard.Length && begun != TimeSpan.MinValue && now - begun >= Limit; link++)
        {
            for (var i = 0; i < heard[link].Length && isOpen(link); i++)
            {
                var (unit, at) = heard[link][i];
                if (IsSilent(at, now) && IsHeardElsewhere(unit, now))
                {
                    var since = unit == UnitId.None ? "since the start" : $"for {(now - at).TotalSeconds:F0} s";
                    yield return $"no heartbeat came from {links[link].Peers[i]} on {links[link].Interface} {since}, on another link "
                        + $"they come: look at the cable, and at the interface and its address on both units";
                }
            }
        }
    }

    /// <summary>
    /// Which unit a peer's address is that was never heard is not known: then another link has to hear as many as it should.
    /// </summary>
    private bool IsHeardElsewhere(UnitId unit, TimeSpan now) =>
        Array.Exists(heard, link =>
            unit == UnitId.None
                ? Array.TrueForAll(link, each => !IsSilent(each.At, now))
                : Array.Exists(link, each => each.Unit == unit && !IsSilent(each.At, now))
        );

    private static bool IsSilent(TimeSpan at, TimeSpan now) => at == TimeSpan.MinValue || now - at >= Limit;
}
