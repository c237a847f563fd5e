using System.Globalization;

namespace Hitless.Measures;

/// <summary>One thing that was measured: what of, where it stands, and its size.</summary>
/// <param name="Rule">The measure's name.</param>
/// <param name="Place">What was measured, by a name that stays when lines move.</param>
/// <param name="Value">Its size; 1 where there is only "it is so".</param>
public sealed record Finding(string Rule, string Place, long Value)
{
    /// <summary>A line of <c>known.txt</c>.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Rule} {Value} {Place}");
}
