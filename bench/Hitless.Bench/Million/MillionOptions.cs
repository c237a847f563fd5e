using System.Globalization;

namespace Hitless.Bench.Million;

/// <summary>What <c>./dev bench million</c> is asked for.</summary>
/// <param name="Sessions">Sessions of the table.</param>
/// <param name="Rate">New sessions a second while it fills; 0: as fast as one thread makes them.</param>
/// <param name="Quiet">How long nothing happens before the cost at rest is measured.</param>
/// <param name="Rest">How long that is measured.</param>
/// <param name="Binaries">The folders of programs, one after the other.</param>
/// <param name="Only">The parts that are wanted; empty: all.</param>
internal sealed record MillionOptions(
    int Sessions,
    int Rate,
    TimeSpan Quiet,
    TimeSpan Rest,
    IReadOnlyList<string> Binaries,
    IReadOnlyList<string> Only
)
{
    public const string Usage =
        "[SESSIONS=1000000] [--rate 0] [--quiet 120] [--rest 60] [--against DIR] [--bin DIR] [--only diff,switch,rest,join]";

    public static MillionOptions? TryParse(string[] arguments)
    {
        var options = new MillionOptions(1_000_000, 0, TimeSpan.FromSeconds(120), TimeSpan.FromSeconds(60), [], []);
        var (own, against) = (Path.GetFullPath("out"), (string?)null);
        for (var at = 0; at < arguments.Length; at++)
        {
            if (TryNumber(arguments[at], out var sessions))
            {
                options = options with { Sessions = sessions };
                continue;
            }

            var value = at + 1 < arguments.Length ? arguments[++at] : "";
            switch (arguments[at - (value.Length > 0 ? 1 : 0)])
            {
                case "--rate" when TryNumber(value, out var rate):
                    options = options with { Rate = rate };
                    break;
                case "--quiet" when TryNumber(value, out var seconds):
                    options = options with { Quiet = TimeSpan.FromSeconds(seconds) };
                    break;
                case "--rest" when TryNumber(value, out var seconds):
                    options = options with { Rest = TimeSpan.FromSeconds(seconds) };
                    break;
                case "--only" when value.Length > 0:
                    options = options with { Only = value.Split(',') };
                    break;
                case "--bin" when Directory.Exists(value):
                    own = Path.GetFullPath(value);
                    break;
                case "--against" when Directory.Exists(value):
                    against = Path.GetFullPath(value);
                    break;
                default:
                    return null;
            }
        }

        return options with
        {
            Binaries = against is null ? [own] : [against, own],
        };
    }

    public bool Wants(string part) => Only.Count == 0 || Only.Contains(part, StringComparer.Ordinal);

    private static bool TryNumber(string text, out int number) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);
}
