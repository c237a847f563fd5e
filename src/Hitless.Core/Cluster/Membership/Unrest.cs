namespace Hitless.Core.Cluster.Membership;

/// <summary>
/// The changes of primary of late that nobody planned. Each one costs the cluster work; a machine that is too slow for its limits must not
/// change its primary over and over, however strong the evidence seems (docs/decisions/0039). A first few within a minute cost nothing, so
/// that real failures heal at once.
/// </summary>
public sealed class Unrest
{
    private const int Remembered = 16;
    private const int FreePerMinute = 3;
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Memory = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan TakeoverDelayMin = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan TakeoverDelayMax = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan HoldMax = TimeSpan.FromMinutes(5);
    private readonly TimeSpan[] changes = new TimeSpan[Remembered];
    private int count;

    /// <summary>The primary has changed, and nobody had planned that.</summary>
    public void Note(TimeSpan now) => changes[count++ % Remembered] = now;

    /// <summary>
    /// How much longer than its rank says a unit waits before it takes over: nothing for the first three in a minute, then 100 ms, doubled
    /// with each further one up to 5 s.
    /// </summary>
    public TimeSpan TakeoverDelayAt(TimeSpan now) =>
        Since(now - Minute) is > FreePerMinute and var many
            ? Doubled(TakeoverDelayMin, many - FreePerMinute - 1, TakeoverDelayMax)
            : TimeSpan.Zero;

    /// <summary>
    /// How long the rules ask for no further change after one: <paramref name="least"/>, doubled with each change of the last ten minutes
    /// up to 5 min.
    /// </summary>
    public TimeSpan HoldAt(TimeSpan least, TimeSpan now) => Doubled(least, Math.Max(Since(now - Memory) - 1, 0), HoldMax);

    private static TimeSpan Doubled(TimeSpan first, int times, TimeSpan most) =>
        first * (1 << Math.Min(times, Remembered)) is var grown && grown < most ? grown : most;

    private int Since(TimeSpan begin)
    {
        var since = 0;
        for (var i = 0; i < Math.Min(count, Remembered); i++)
        {
            since += changes[i] >= begin ? 1 : 0;
        }

        return since;
    }
}
