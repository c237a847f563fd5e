using Hitless.Core.Wire;

namespace Hitless.Core.Cluster.Membership;

/// <summary>Every other unit that was heard since the start, present or absent.</summary>
internal sealed class PeerTable(ClusterOptions options)
{
    private readonly List<Peer> all = [];

    /// <summary>In the order in which they were heard first.</summary>
    public IReadOnlyList<Peer> All => all;

    /// <summary>How many there are.</summary>
    public int Count => all.Count;

    /// <summary>The wire minor version that every unit present speaks, as of the last <see cref="AgreeOnWire"/>.</summary>
    public byte AgreedWireMinor { get; private set; }

    /// <summary>Nobody is present.</summary>
    public bool AllAbsent => all.TrueForAll(static peer => peer.Absent);

    /// <summary>How many have spoken since this unit's start, and were believed.</summary>
    public int Met => all.Count(static peer => peer.Tag != IncarnationTag.None);

    /// <summary>The primary that is present, of the highest epoch; null: there is none.</summary>
    public Peer? Primary
    {
        get
        {
            Peer? best = null;
            foreach (var peer in all)
            {
                if (!peer.Absent && peer.Last.Role == UnitRole.Primary && (best is null || peer.Last.Epoch > best.Last.Epoch))
                {
                    best = peer;
                }
            }

            return best;
        }
    }

    /// <summary>The unit of that id; null: it was not heard.</summary>
    public Peer? Find(UnitId unit)
    {
        foreach (var peer in all)
        {
            if (peer.Unit == unit)
            {
                return peer;
            }
        }

        return null;
    }

    /// <summary>The unit of that id, noted if it is new.</summary>
    public Peer FindOrAdd(UnitId unit)
    {
        if (Find(unit) is { } known)
        {
            return known;
        }

        var added = new Peer(unit, options);
        all.Add(added);
        return added;
    }

    /// <summary>Whether a unit is present.</summary>
    public bool IsPresent(UnitId unit) => Find(unit) is { Absent: false };

    /// <summary>Whether one of them offers its role to <paramref name="unit"/>.</summary>
    public bool Offers(UnitId unit)
    {
        foreach (var peer in all)
        {
            if (peer.Last.Offer?.Target == unit)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Who is present has changed, or what one of them speaks.</summary>
    public void AgreeOnWire()
    {
        var agreed = options.WireMinor;
        foreach (var peer in all)
        {
            agreed = peer.Absent ? agreed : Math.Min(agreed, peer.Last.WireMinor);
        }

        AgreedWireMinor = agreed;
    }

    /// <summary>For <c>foreach</c>; allocates nothing.</summary>
    public List<Peer>.Enumerator GetEnumerator() => all.GetEnumerator();
}
