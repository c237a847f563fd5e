using Hitless.Core.Wire;

namespace Hitless.Core.Cluster;

/// <summary>
/// The choice of the primary by FortiOS's order (facts.md): a unit that holds the sessions before one that does not, fewest failed
/// ports, age when it differs by more than the margin, priority, serial. With override on, priority comes before age.
/// Comparing ages pair by pair is not transitive, so each age is held against the oldest candidate's.
/// </summary>
public static class Election
{
    /// <summary>The best of the candidates; false if there is none.</summary>
    public static bool TryBest(ReadOnlySpan<Candidate> candidates, TimeSpan margin, out Candidate best)
    {
        best = default;
        if (candidates.IsEmpty)
        {
            return false;
        }

        var oldest = TimeSpan.MinValue;
        var overrides = false;
        var (ready, failures) = Front(candidates);
        foreach (var c in candidates)
        {
            if (c.Ready == ready && c.Failures == failures)
            {
                oldest = c.Age > oldest ? c.Age : oldest;
                overrides |= c.Override;
            }
        }

        var found = false;
        foreach (var c in candidates)
        {
            if (c.Ready == ready && c.Failures == failures && (!found || Beats(c, best, oldest, margin, overrides)))
            {
                best = c;
                found = true;
            }
        }

        return true;
    }

    /// <summary>How many of the candidates come before <paramref name="serial"/>: 0 is the winner.</summary>
    public static int RankOf(UnitId serial, ReadOnlySpan<Candidate> candidates, TimeSpan margin)
    {
        Span<Candidate> rest = [.. candidates];
        for (var rank = 0; TryBest(rest, margin, out var best); rank++)
        {
            if (best.Serial == serial)
            {
                return rank;
            }

            var count = 0;
            foreach (var c in rest)
            {
                if (c.Serial != best.Serial)
                {
                    rest[count++] = c;
                }
            }

            rest = rest[..count];
        }

        return candidates.Length;
    }

    /// <summary>Why <paramref name="winner"/> comes before the next best, in words for status and history.</summary>
    public static string Explain(Candidate winner, ReadOnlySpan<Candidate> candidates, TimeSpan margin)
    {
        Candidate[] others = [.. candidates.ToArray().Where(c => c.Serial != winner.Serial)];
        if (!TryBest(others, margin, out var second))
        {
            return "the only unit present";
        }

        if (winner.Ready != second.Ready)
        {
            return winner.Ready ? $"holds the sessions, {second.Name} does not yet" : $"chosen although {second.Name} holds the sessions";
        }

        if (winner.Failures != second.Failures)
        {
            return $"failed ports and probes {winner.Failures} against {second.Failures} on {second.Name}";
        }

        var difference = winner.Age - second.Age;
        var byAge = difference.Duration() > margin;
        if ((winner.Override || second.Override) && winner.Priority != second.Priority)
        {
            return $"priority {winner.Priority} {Sign(winner.Priority, second.Priority)} {second.Priority}, override on";
        }

        if (byAge)
        {
            return $"age {Seconds(winner.Age)} s {Sign(winner.Age, second.Age)} {Seconds(second.Age)} s by more than {Seconds(margin)} s";
        }

        return winner.Priority != second.Priority
            ? $"priority {winner.Priority} {Sign(winner.Priority, second.Priority)} {second.Priority}, ages within {Seconds(margin)} s"
            : $"serial {winner.Serial} {Sign(winner.Serial, second.Serial)} {second.Serial}, priorities equal, ages within "
                + $"{Seconds(margin)} s";
    }

    private static (bool Ready, int Failures) Front(ReadOnlySpan<Candidate> candidates)
    {
        var ready = false;
        foreach (var c in candidates)
        {
            ready |= c.Ready;
        }

        var failures = int.MaxValue;
        foreach (var c in candidates)
        {
            failures = c.Ready == ready && c.Failures < failures ? c.Failures : failures;
        }

        return (ready, failures);
    }

    private static bool Beats(Candidate a, Candidate b, TimeSpan oldest, TimeSpan margin, bool overrides)
    {
        if (overrides && a.Priority != b.Priority)
        {
            return a.Priority > b.Priority;
        }

        var aOld = oldest - a.Age <= margin;
        var bOld = oldest - b.Age <= margin;
        if (aOld != bOld)
        {
            return aOld;
        }

        return a.Priority != b.Priority ? a.Priority > b.Priority : a.Serial > b.Serial;
    }

    private static string Sign<T>(T left, T right)
        where T : IComparable<T> =>
        left.CompareTo(right) > 0 ? ">"
        : left.CompareTo(right) < 0 ? "<"
        : "=";

    private static long Seconds(TimeSpan time) => (long)time.TotalSeconds;
}
