namespace Hitless.Core.Forwarding;

/// <summary>Names as operators list them; <c>*</c> stands for any characters.</summary>
public static class NamePattern
{
    /// <summary>Whether one of the patterns is the name's.</summary>
    public static bool AnyMatches(IReadOnlyList<string> patterns, string name) => patterns.Any(pattern => Matches(pattern, name));

    /// <summary>Whether the pattern is the name's.</summary>
    public static bool Matches(string pattern, string name)
    {
        var parts = pattern.Split('*');
        if (parts.Length == 1)
        {
            return pattern == name;
        }

        if (
            !name.StartsWith(parts[0], StringComparison.Ordinal)
            || !name.EndsWith(parts[^1], StringComparison.Ordinal)
            || name.Length < parts[0].Length + parts[^1].Length
        )
        {
            return false;
        }

        var at = parts[0].Length;
        foreach (var part in parts[1..^1])
        {
            at = name.IndexOf(part, at, StringComparison.Ordinal);
            if (at < 0)
            {
                return false;
            }

            at += part.Length;
        }

        return at <= name.Length - parts[^1].Length;
    }
}
