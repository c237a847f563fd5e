using System.Text.Json.Serialization;

namespace Hitless.Core.Firmware;

/// <summary>
/// A version as semver.org 2.0.0 writes it: <c>1.2.3</c>, <c>1.2.3-rc.1</c>, <c>1.2.3+system.202611301000</c>. A pre-release comes
/// before its release (section 11); build metadata tells two versions apart and puts neither before the other (section 10).
/// </summary>
[JsonConverter(typeof(SemanticVersionConverter))]
public readonly record struct SemanticVersion(int Major, int Minor, int Patch, string? PreRelease = null, string? Build = null)
    : IComparable<SemanticVersion>
{
    /// <summary>The longest text that is a version; longer ones are refused.</summary>
    public const int MaxLength = 64;

    public static bool operator <(SemanticVersion left, SemanticVersion right) => left.CompareTo(right) < 0;

    public static bool operator >(SemanticVersion left, SemanticVersion right) => left.CompareTo(right) > 0;

    public static bool operator <=(SemanticVersion left, SemanticVersion right) => left.CompareTo(right) <= 0;

    public static bool operator >=(SemanticVersion left, SemanticVersion right) => left.CompareTo(right) >= 0;

    /// <summary>Reads <c>MAJOR.MINOR.PATCH[-PRE][+BUILD]</c>; false for anything else, leading zeros and signs included.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out SemanticVersion version)
    {
        version = default;
        if (text.Length is 0 or > MaxLength)
        {
            return false;
        }

        string? build = null;
        if (text.IndexOf('+') is >= 0 and var plus)
        {
            build = text[(plus + 1)..].ToString();
            text = text[..plus];
            if (!AreIdentifiers(build))
            {
                return false;
            }
        }

        string? preRelease = null;
        if (text.IndexOf('-') is >= 0 and var dash)
        {
            preRelease = text[(dash + 1)..].ToString();
            text = text[..dash];
            if (!AreIdentifiers(preRelease))
            {
                return false;
            }
        }

        Span<Range> parts = stackalloc Range[4];
        if (
            text.Split(parts, '.') != 3
            || !TryParseNumber(text[parts[0]], out var major)
            || !TryParseNumber(text[parts[1]], out var minor)
            || !TryParseNumber(text[parts[2]], out var patch)
        )
        {
            return false;
        }

        version = new SemanticVersion(major, minor, patch, preRelease, build);
        return true;
    }

    /// <inheritdoc/>
    public int CompareTo(SemanticVersion other)
    {
        var release = (Major, Minor, Patch).CompareTo((other.Major, other.Minor, other.Patch));
        return (release, PreRelease, other.PreRelease) switch
        {
            (not 0, _, _) => release,
            (_, null, null) => 0,
            (_, null, _) => 1,
            (_, _, null) => -1,
            var (_, mine, theirs) => ComparePreReleases(mine, theirs),
        };
    }

    /// <inheritdoc/>
    public override string ToString() =>
        $"{Major}.{Minor}.{Patch}{(PreRelease is null ? "" : $"-{PreRelease}")}{(Build is null ? "" : $"+{Build}")}";

    private static int ComparePreReleases(string mine, string theirs)
    {
        var left = mine.Split('.');
        var right = theirs.Split('.');
        for (var i = 0; i < Math.Min(left.Length, right.Length); i++)
        {
            var order = (TryParseNumber(left[i], out var l), TryParseNumber(right[i], out var r)) switch
            {
                (true, true) => l.CompareTo(r),
                (true, false) => -1,
                (false, true) => 1,
                _ => string.CompareOrdinal(left[i], right[i]),
            };
            if (order != 0)
            {
                return order;
            }
        }

        return left.Length.CompareTo(right.Length);
    }

    private static bool AreIdentifiers(string text)
    {
        foreach (var part in text.Split('.'))
        {
            if (part.Length == 0 || part.AsSpan().ContainsAnyExcept(IdentifierCharacters))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Digits only, no leading zero, at most nine of them (so that it fits).</summary>
    internal static bool TryParseNumber(ReadOnlySpan<char> text, out int number)
    {
        number = 0;
        if (text.Length is 0 or > 9 || (text[0] == '0' && text.Length > 1))
        {
            return false;
        }

        foreach (var c in text)
        {
            if (!char.IsAsciiDigit(c))
            {
                return false;
            }

            number = (number * 10) + (c - '0');
        }

        return true;
    }

    private static readonly System.Buffers.SearchValues<char> IdentifierCharacters = System.Buffers.SearchValues.Create(
        "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-"
    );
}
