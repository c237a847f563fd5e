using System.Globalization;

namespace Hitless.Bench.Units;

/// <summary>
/// The arguments of the benches of units: numbers, and <c>--against DIR</c>, another folder with a hitlessd, which is measured in the same
/// run as <c>out</c>.
/// </summary>
internal static class Programs
{
    public static (IReadOnlyList<int> Numbers, IReadOnlyList<string> Folders) In(string[] arguments)
    {
        var against = Array.IndexOf(arguments, "--against");
        var numbers = arguments.Where((_, i) => against < 0 || (i != against && i != against + 1));
        return (
            [.. numbers.Select(number => int.Parse(number, CultureInfo.InvariantCulture))],
            against < 0 ? ["out"] : [arguments[against + 1], "out"]
        );
    }

    /// <summary>The value below which the share of the sorted values lies.</summary>
    public static double At(IReadOnlyList<double> values, double share) => values.Order().ElementAt((int)(share * (values.Count - 1)));
}
