using System.Net;
using Hitless.Core.Configuration;
using Hitless.Core.Wire.Floods;
using Hitless.Linux.Links;
using Hitless.Linux.Polling;
using Hitless.Linux.Scheduling;
using Hitless.Linux.Sockets;

namespace Hitless.Daemon.Links;

/// <summary>
/// A UDP socket for each of some links, bound to the link's interface while that is there and opened anew when it was made anew. A link
/// that is missing is a problem to tell of, never a reason
/// not to run. Sending and receiving allocate nothing. Belongs to one thread, in whose namespace it lives.
/// </summary>
internal sealed class LinkSockets : IDisposable
{
    /// <summary>Where something is missing, the links are looked at again after so long, whatever the kernel told meanwhile.</summary>
    private static readonly TimeSpan LookAgain = TimeSpan.FromSeconds(1);
    private readonly IReadOnlyList<HeartbeatLinkSettings> links;
    private readonly string[] keys;
    private readonly int port;
    private readonly DatagramOptions options;
    private readonly Poller poller;
    private readonly int firstToken;
    private readonly LinkPresence presence;
    private readonly DatagramSocket?[] sockets;
    private readonly int[] indexes;
    private readonly string?[] problems;
    private readonly FloodGuard[] guards;

    /// <param name="links">The links; <paramref name="keys"/> says for each which list of <c>unit.yaml</c> has it.</param>
    /// <param name="keys">One for each link.</param>
    /// <param name="port">The UDP port on every link.</param>
    /// <param name="options">How the sockets are set up, with what they admit; the interface is the link's.</param>
    /// <param name="poller">Watches the sockets; tokens count from <paramref name="firstToken"/>.</param>
    /// <param name="firstToken">The first link's token.</param>
    public LinkSockets(
        IReadOnlyList<HeartbeatLinkSettings> links,
        IReadOnlyList<string> keys,
        int port,
        DatagramOptions options,
        Poller poller,
        int firstToken
    )
    {
        this.links = links;
        this.keys = [.. keys];
        this.port = port;
        this.options = options;
        this.poller = poller;
        this.firstToken = firstToken;
        presence = new LinkPresence(links);
        sockets = new DatagramSocket?[links.Count];
        indexes = new int[links.Count];
        problems = new string?[links.Count];
        var admits = options.Admits!;
        guards =
        [
            .. links.Select(link => new FloodGuard(
                admits.Kind,
                admits.Group,
                $"the link on {link.Interface} (UDP {port})",
                [.. link.Peers.Select(peer => WireSource.From(peer.GetAddressBytes()))]
            )),
        ];
        Follow(MonotonicClock.Now);
    }

    /// <summary>How many links there are, missing ones included.</summary>
    public int Count => sockets.Length;

    /// <summary>
    /// When <see cref="Follow"/> is to be called though nobody told of a change; <see cref="TimeSpan.MaxValue"/> while all is well.
    /// </summary>
    public TimeSpan LookAt { get; private set; }

    /// <summary>The socket of a link; null while its interface is missing.</summary>
    public DatagramSocket? this[int link] => sockets[link];

    /// <summary>The list of <c>unit.yaml</c> that has the link.</summary>
    public string KeyOf(int link) => keys[link];

    /// <summary>The number of a link's interface in the kernel, as the socket has it; 0: none.</summary>
    public int IndexOf(int link) => presence.IndexOf(link);

    /// <summary>With some link nothing is wrong.</summary>
    public bool AnyWhole => Array.Exists(problems, problem => problem is null);

    /// <summary>What is wrong with a link, in words that tell what to do; null while nothing is.</summary>
    public string? ProblemOf(int link) => problems[link];

    /// <summary>Who counts what a link's socket refuses.</summary>
    public FloodGuard GuardOf(int link) => guards[link];

    /// <summary>Who floods the links now, in words; empty while nobody does.</summary>
    public IEnumerable<string> FloodsAt(TimeSpan now) => guards.Select(guard => guard.ProblemAt(now)).OfType<string>();

    /// <summary>Has a link's socket take what its guard wants, if that is another than before; true then.</summary>
    public bool TakeGuardChange(int link, TimeSpan now) =>
        guards[link].TakeChange(now, out var wanted) && (sockets[link]?.Take(wanted) ?? 0) >= 0;

    /// <summary>Takes the links up as they are now.</summary>
    public void Follow(TimeSpan now)
    {
        presence.Look();
        var whole = presence.IsWhole;
        for (var i = 0; i < sockets.Length; i++)
        {
            string? failed = null;
            if (presence.IndexOf(i) != indexes[i])
            {
                sockets[i]?.Dispose();
                (sockets[i], indexes[i]) = (null, 0);
                failed = presence.IndexOf(i) != 0 ? Open(i) : null;
            }

            whole &= failed is null;
            problems[i] = failed ?? presence.ProblemOf(i, keys[i]);
        }

        LookAt = whole ? TimeSpan.MaxValue : now + LookAgain;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Array.ForEach(sockets, socket => socket?.Dispose());
        presence.Dispose();
    }

    private string? Open(int link)
    {
        try
        {
            var socket = new DatagramSocket(
                new DatagramEndpoint(new IPEndPoint(links[link].Address, port)),
                options with
                {
                    Interface = links[link].Interface,
                }
            );
            poller.Add(socket.Handle, firstToken + link);
            (sockets[link], indexes[link]) = (socket, presence.IndexOf(link));
            guards[link].Renew();
            return null;
        }
        catch (IOException e)
        {
            return $"the link on {links[link].Interface} is not used: {e.Message}; it is tried again each second";
        }
    }
}
