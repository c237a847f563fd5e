using System.Text.Json.Serialization;

namespace Hitless.Core.Firmware;

/// <summary>
/// Versions that an image can follow: bounds that all have to hold, divided by spaces: <c>&gt;=1.0.0 &lt;2.0.0</c>.
/// <c>*</c> is every version; a version alone is that version.
/// </summary>
[JsonConverter(typeof(VersionRangeConverter))]
public sealed record VersionRange
{
    private readonly Bound[] bounds;

    private VersionRange(Bound[] bounds) => this.bounds = bounds;

    /// <summary>Every version.</summary>
    public static VersionRange Any { get; } = new([]);

    /// <summary>Reads the text form; at most eight bounds.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out VersionRange? range)
    {
        range = null;
        var words = text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (words is ["*"])
        {
            range = Any;
            return true;
        }

        if (words.Length is 0 or > 8)
        {
            return false;
        }

        var bounds = new Bound[words.Length];
        for (var i = 0; i < words.Length; i++)
        {
            if (!Bound.TryParse(words[i], out bounds[i]))
            {
                return false;
            }
        }

        range = new VersionRange(bounds);
        return true;
    }

    public bool Contains(SemanticVersion version) => Array.TrueForAll(bounds, bound => bound.Holds(version));

    public bool Equals(VersionRange? other) => other is not null && bounds.AsSpan().SequenceEqual(other.bounds);

    public override int GetHashCode() => bounds.Length == 0 ? 0 : HashCode.Combine(bounds.Length, bounds[0]);

    /// <inheritdoc/>
    public override string ToString() => bounds.Length == 0 ? "*" : string.Join(' ', bounds);

    private readonly record struct Bound(string Comparison, SemanticVersion Version)
    {
        public static bool TryParse(string word, out Bound bound)
        {
            var length = word.AsSpan().IndexOfAnyExcept("<>=");
            var comparison = length <= 0 ? "=" : word[..length];
            var known = comparison is "=" or ">" or ">=" or "<" or "<=";
            bound = default;
            if (!known || !SemanticVersion.TryParse(word.AsSpan(Math.Max(0, length)), out var version))
            {
                return false;
            }

            bound = new Bound(comparison, version);
            return true;
        }

        public bool Holds(SemanticVersion version) =>
            Comparison switch
            {
                ">" => version > Version,
                ">=" => version >= Version,
                "<" => version < Version,
                "<=" => version <= Version,
                _ => version.CompareTo(Version) == 0,
            };

        public override string ToString() => (Comparison == "=" ? "" : Comparison) + Version;
    }
}
