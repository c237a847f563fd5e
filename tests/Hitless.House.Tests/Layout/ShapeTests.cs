using System.Globalization;
using Hitless.House.Tests.Tree;
using Hitless.Measures;

namespace Hitless.House.Tests.Layout;

/// <summary>
/// The limits of <c>build/Hitless.Measures</c>. What broke one when it was set stands in <c>known.txt</c>, and only becomes better;
/// <c>HITLESS_WRITE=1</c> writes the list anew where something has improved.
/// </summary>
public sealed class ShapeTests
{
    private const string Known = "build/Hitless.Measures/known.txt";

    [Fact]
    public void No_limit_is_broken_that_was_not_and_none_further()
    {
        var known = ReadKnown();
        Findings.None(
            $"Over the limits of build/Hitless.Measures/Limits.cs, and not in {Known}:",
            from offence in Offences()
            where offence.Value > known.GetValueOrDefault((offence.Rule, offence.Place), Limits.Of[offence.Rule])
            select $"{offence}"
        );
    }

    [Fact]
    public void What_has_improved_is_not_excused_any_more()
    {
        var now = Offences().ToDictionary(offence => (offence.Rule, offence.Place), offence => offence.Value);
        var better = ReadKnown().Where(each => now.GetValueOrDefault(each.Key) < each.Value).ToArray();
        if (better.Length > 0 && Environment.GetEnvironmentVariable("HITLESS_WRITE") == "1")
        {
            File.WriteAllLines(Path.Combine(Repository.Root, Known), Offences().Select(each => $"{each}"));
            return;
        }

        Findings.None(
            $"Better than {Known} says; HITLESS_WRITE=1 tests/…/Hitless.House.Tests -class '*ShapeTests' writes it:",
            better.Select(each => $"{each.Key.Rule} {each.Value} {each.Key.Place}")
        );
    }

    private static IEnumerable<Finding> Offences() => Shape.Offences(Repository.Root);

    private static Dictionary<(string Rule, string Place), long> ReadKnown() =>
        Repository
            .Read(Known)
            .Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => line.Split(' ', 3))
            .ToDictionary(words => (words[0], words[2]), words => long.Parse(words[1], CultureInfo.InvariantCulture));
}
