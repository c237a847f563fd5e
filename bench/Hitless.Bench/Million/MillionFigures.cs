namespace Hitless.Bench.Million;

/// <summary>What was measured of one folder of programs, by name; each figure is told at once, too.</summary>
internal sealed class MillionFigures(string binaries)
{
    private readonly Dictionary<string, string> figures = new(StringComparer.Ordinal);

    public string Binaries => binaries;

    public IEnumerable<string> Names => figures.Keys;

    public string this[string name]
    {
        get => figures.GetValueOrDefault(name, "–");
        set
        {
            figures[name] = value;
            Console.WriteLine($"{name}: {value}");
        }
    }
}
