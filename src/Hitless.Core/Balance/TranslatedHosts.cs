using Hitless.Core.Forwarding;
using Hitless.Core.Sessions;

namespace Hitless.Core.Balance;

/// <summary>
/// Finds the hosts whose flows this unit's firewall translates though no listed network has them. Their answers would meet a unit that did
/// not translate them: the packets of such a host have to stay on the primary. Takes each session that the kernel tells of; only those
/// that are translated cost more than a comparison, and only a host that is new costs memory. Not thread-safe.
/// </summary>
/// <param name="listed">The networks of <c>balance.on-primary</c>: flows from and to them stay on the primary anyway.</param>
public sealed class TranslatedHosts(IReadOnlyList<AddressPrefix> listed)
{
    /// <summary>How many hosts are kept until <see cref="Take"/>; more are found again by their next session.</summary>
    public const int FreshMax = 1024;

    private readonly AddressRange[] ranges = [.. listed.Select(AddressRange.Of)];
    private readonly HashSet<HostAddress> known = [];
    private readonly List<HostAddress> fresh = new(FreshMax);

    /// <summary>Whether both ends of a translated session are strange: neither listed nor known (see <see cref="Know"/>).</summary>
    public bool IsUnlisted(in SessionRecord record)
    {
        if (!record.HasNat)
        {
            return false;
        }

        var (from, to) = Ends(record);
        return !Stays(from) && !Stays(to);
    }

    /// <summary>The kernel tells of a session. True: it showed a host that <see cref="Take"/> will give.</summary>
    public bool OnSession(in SessionRecord record)
    {
        if (!IsUnlisted(record))
        {
            return false;
        }

        var (from, to) = Ends(record);
        return Add(from) | Add(to);
    }

    /// <summary>
    /// The ends of the translated sessions since the last call: inside hosts and outside ones, which only the routes tell apart.
    /// </summary>
    public IReadOnlyList<HostAddress> Take()
    {
        HostAddress[] taken = [.. fresh];
        fresh.Clear();
        return taken;
    }

    /// <summary>Flows of this host stay on the primary from now on.</summary>
    public void Know(HostAddress host) => known.Add(host);

    /// <summary>Who began it, and who answers it: without the addresses that they are translated to.</summary>
    private static (HostAddress From, HostAddress To) Ends(in SessionRecord record) =>
        (new(record.Key.V6, record.Key.Original.Source), new(record.Key.V6, record.Reply.Source));

    private bool Add(HostAddress host)
    {
        if (fresh.Count == FreshMax || fresh.Contains(host))
        {
            return false;
        }

        fresh.Add(host);
        return true;
    }

    private bool Stays(HostAddress host)
    {
        foreach (ref readonly var range in ranges.AsSpan())
        {
            if (range.Contains(host))
            {
                return true;
            }
        }

        return known.Contains(host);
    }
}
