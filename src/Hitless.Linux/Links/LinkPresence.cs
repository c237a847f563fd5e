using Hitless.Core.Configuration;
using Hitless.Linux.Native;
using Hitless.Linux.Sockets;

namespace Hitless.Linux.Links;

/// <summary>
/// Whether the interfaces of some links, and our addresses on them, are there now. Both may come and go at any time: an interface that is
/// made anew has another number, and what was
/// bound to the former one hears nothing any more. Looks in the namespace of the thread that made it. Not for several threads at once.
/// </summary>
public sealed class LinkPresence : IDisposable
{
    private readonly IReadOnlyList<HeartbeatLinkSettings> _links;
    private readonly DatagramEndpoint[] _addresses;
    private readonly int[] _indexes;
    private readonly bool[] _addressed;
    private readonly LinkLookup _lookup = new();

    /// <summary>Takes a first look.</summary>
    /// <exception cref="IOException">The system is out of descriptors.</exception>
    public LinkPresence(IReadOnlyList<HeartbeatLinkSettings> links)
    {
        _links = links;
        _addresses = [.. links.Select(link => new DatagramEndpoint(new System.Net.IPEndPoint(link.Address, 0)))];
        _indexes = new int[links.Count];
        _addressed = new bool[links.Count];
        Look();
    }

    /// <summary>How many links there are.</summary>
    public int Count => _indexes.Length;

    /// <summary>Every interface is there, and has our address.</summary>
    public bool IsWhole => Array.TrueForAll(_indexes, index => index != 0) && Array.TrueForAll(_addressed, has => has);

    /// <summary>The interface's number in the kernel at the last look; 0: it was not there.</summary>
    public int IndexOf(int link) => _indexes[link];

    /// <summary>Looks at every link.</summary>
    public void Look()
    {
        for (var i = 0; i < _indexes.Length; i++)
        {
            _indexes[i] = _lookup.IndexOf(_links[i].Interface);
            _addressed[i] = _indexes[i] != 0 && DatagramSocket.IsLocal(_addresses[i], _links[i].Interface);
        }
    }

    /// <summary>
    /// What is wrong with a link, and what to do; null while nothing is. <paramref name="key"/>: the list of <c>unit.yaml</c> that names
    /// it.
    /// </summary>
    public string? ProblemOf(int link, string key) =>
        (_indexes[link], _addressed[link]) switch
        {
            (0, _) => $"the interface {_links[link].Interface} of {key} does not exist: create it (it is used as soon as it is there), or "
                + $"correct {key} and restart hitlessd",
            (_, false) => $"{_links[link].Interface} has no usable address {_links[link].Address}: add it (ip addr add "
                + $"{_links[link].Address}/PREFIX dev {_links[link].Interface}), or correct {key} and restart hitlessd",
            _ => null,
        };

    /// <inheritdoc/>
    public void Dispose() => _lookup.Dispose();
}
