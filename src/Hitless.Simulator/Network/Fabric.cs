using Hitless.Simulator.Time;

namespace Hitless.Simulator.Network;

/// <summary>
/// The heartbeat links, and the networks of the ports as one more: every unit with every other one, each direction by itself.
/// </summary>
internal sealed class Fabric(Timeline timeline, Chance chance, int unitCount, int linkCount)
{
    private readonly Path[] paths = [.. Enumerable.Range(0, (linkCount + 1) * unitCount * unitCount).Select(_ => new Path())];

    /// <summary>How many heartbeat links there are.</summary>
    public int LinkCount => linkCount;

    /// <summary>The link that stands for the ports.</summary>
    public int Traffic => linkCount;

    /// <summary>Every direction of every link.</summary>
    public IReadOnlyList<Path> Paths => paths;

    /// <summary>The direction of a link from one unit to another.</summary>
    public Path Between(int link, int from, int to) => paths[(((link * unitCount) + from) * unitCount) + to];

    /// <summary>Sends a datagram; <paramref name="arrive"/> is called once, twice or never.</summary>
    public void Send(int link, int from, int to, Action arrive)
    {
        var path = Between(link, from, to);
        if (!path.Up || chance.Happens(path.Loss))
        {
            return;
        }

        timeline.After(Delay(path), arrive);
        if (chance.Happens(path.Duplication))
        {
            timeline.After(Delay(path), arrive);
        }
    }

    /// <summary>Sends a datagram on every heartbeat link.</summary>
    public void SendOnAll(int from, int to, Action arrive)
    {
        for (var link = 0; link < linkCount; link++)
        {
            Send(link, from, to, arrive);
        }
    }

    /// <summary>Whether two units could call each other on some heartbeat link now.</summary>
    public bool Reaches(int from, int to) =>
        Enumerable.Range(0, linkCount).Any(link => Between(link, from, to).Up && Between(link, to, from).Up);

    private TimeSpan Delay(Path path) => chance.Happens(path.Straggling) ? chance.Milliseconds(5, 60) : chance.Milliseconds(0.05, 0.5);
}
