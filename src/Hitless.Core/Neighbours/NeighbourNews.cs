using Hitless.Core.Wire;

namespace Hitless.Core.Neighbours;

/// <summary>
/// What a primary has to tell one standby of its neighbours: what is new or another since it was told; all of it when the standby is
/// another incarnation, did not answer, or was told all a minute ago, since a kernel forgets neighbours that it does not use. Allocates
/// nothing while nothing is new.
/// </summary>
public sealed class NeighbourNews
{
    private static readonly TimeSpan AllAgainAfter = TimeSpan.FromSeconds(45);
    private readonly HashSet<Neighbour> told = [];
    private readonly List<Neighbour> news = [];
    private IncarnationTag tag;
    private TimeSpan allAt = TimeSpan.MinValue;

    /// <summary>What to tell now; valid until the next call.</summary>
    public IReadOnlyCollection<Neighbour> Choose(IncarnationTag standbyTag, IReadOnlyList<Neighbour> standing, TimeSpan now)
    {
        if (standbyTag != tag || allAt == TimeSpan.MinValue || now - allAt >= AllAgainAfter)
        {
            told.Clear();
            (tag, allAt) = (standbyTag, now);
        }

        news.Clear();
        foreach (var neighbour in standing)
        {
            if (!told.Contains(neighbour))
            {
                news.Add(neighbour);
            }
        }

        // Exactly what stands: a neighbour that comes back with its former MAC is news again.
        told.Clear();
        told.UnionWith(standing);
        return news;
    }

    /// <summary>The last news did not arrive: all of it next time.</summary>
    public void Forget() => allAt = TimeSpan.MinValue;
}
