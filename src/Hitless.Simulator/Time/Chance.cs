namespace Hitless.Simulator.Time;

/// <summary>All randomness of a simulation: one seed, one sequence, the same on every machine and version (SplitMix64).</summary>
internal sealed class Chance(ulong seed)
{
    private ulong state = seed;

    /// <summary>64 random bits.</summary>
    public ulong Bits()
    {
        state += 0x9E3779B97F4A7C15;
        var z = state;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }

    /// <summary>A source of its own, so that what one part draws does not shift what another part gets.</summary>
    public Chance Fork() => new(Bits());

    /// <summary>0 to <paramref name="below"/> - 1.</summary>
    public int Below(int below) => (int)(Bits() % (ulong)below);

    /// <summary>True with this probability.</summary>
    public bool Happens(double probability) => Unit() < probability;

    /// <summary>From 0 to 1.</summary>
    public double Fraction() => Unit();

    /// <summary>Between the two, ends included on the left.</summary>
    public TimeSpan Between(TimeSpan from, TimeSpan to) => from + ((to - from) * Unit());

    /// <summary>Between two numbers of milliseconds.</summary>
    public TimeSpan Milliseconds(double from, double to) => TimeSpan.FromMilliseconds(from + ((to - from) * Unit()));

    /// <summary>One of them.</summary>
    public T Of<T>(IReadOnlyList<T> items) => items[Below(items.Count)];

    private double Unit() => (Bits() >> 11) * (1.0 / (1UL << 53));
}
