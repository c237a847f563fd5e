using System.Text.Json.Serialization;

namespace Hitless.Core.Firmware;

/// <summary>A version of the wire protocol, <c>major.minor</c>. Units of different major versions cannot talk.</summary>
[JsonConverter(typeof(ProtocolVersionConverter))]
public readonly record struct ProtocolVersion(int Major, int Minor) : IComparable<ProtocolVersion>
{
    public static bool operator <(ProtocolVersion left, ProtocolVersion right) => left.CompareTo(right) < 0;

    public static bool operator >(ProtocolVersion left, ProtocolVersion right) => left.CompareTo(right) > 0;

    public static bool operator <=(ProtocolVersion left, ProtocolVersion right) => left.CompareTo(right) <= 0;

    public static bool operator >=(ProtocolVersion left, ProtocolVersion right) => left.CompareTo(right) >= 0;

    public static bool TryParse(ReadOnlySpan<char> text, out ProtocolVersion version)
    {
        version = default;
        var dot = text.IndexOf('.');
        if (
            dot < 0
            || !SemanticVersion.TryParseNumber(text[..dot], out var major)
            || !SemanticVersion.TryParseNumber(text[(dot + 1)..], out var minor)
        )
        {
            return false;
        }

        version = new ProtocolVersion(major, minor);
        return true;
    }

    /// <inheritdoc/>
    public int CompareTo(ProtocolVersion other) => (Major, Minor).CompareTo((other.Major, other.Minor));

    /// <inheritdoc/>
    public override string ToString() => $"{Major}.{Minor}";
}

/// <summary>The wire protocol versions that one build speaks, both ends included.</summary>
public readonly record struct ProtocolRange(ProtocolVersion Min, ProtocolVersion Max)
{
    /// <summary>The highest version that both speak; null if there is none (design.md, rule 8).</summary>
    public ProtocolVersion? HighestCommon(ProtocolRange other)
    {
        var max = Max < other.Max ? Max : other.Max;
        var min = Min > other.Min ? Min : other.Min;
        return max >= min ? max : null;
    }

    /// <inheritdoc/>
    public override string ToString() => Min == Max ? $"{Min}" : $"{Min} to {Max}";
}

/// <summary>The configuration schemas that one build reads, both ends included.</summary>
public readonly record struct SchemaRange(int Min, int Max)
{
    public bool Contains(int schema) => schema >= Min && schema <= Max;

    /// <inheritdoc/>
    public override string ToString() => Min == Max ? $"{Min}" : $"{Min} to {Max}";
}
