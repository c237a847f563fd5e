using System.Text.RegularExpressions;

namespace Hitless.House.Tests.Tree;

/// <summary>A C# file: its path from the repository's root, its text, and its code without comments and literals.</summary>
internal sealed partial class SourceFile(string path, string text)
{
    private string? _code;

    public string Path => path;

    public string Text => text;

    public int LineCount => text.AsSpan().Count('\n');

    /// <summary>The text with comments, strings and characters blanked, line breaks kept: what a rule about code looks at.</summary>
    public string Code => _code ??= NotCode().Replace(text, found => new string('\n', found.Value.Count(c => c == '\n')));

    /// <summary>Each identifier with the line it stands on, counted from one.</summary>
    public IEnumerable<(string Name, int Line)> Identifiers()
    {
        var lines = Code.Split('\n');
        for (var i = 0; i < lines.Length; i++)
        {
            foreach (Match word in Word().Matches(lines[i]))
            {
                yield return (word.Value, i + 1);
            }
        }
    }

    // In this order: comments, raw strings, verbatim strings, plain strings, characters.
    [GeneratedRegex(
        """
            //[^\n]*
            | /\*.*?\*/
            | \$*"{3,}.*?"{3,}
            | (\$@|@\$|@)"([^"]|"")*"
            | \$?"([^"\\\n]|\\.)*"
            | '([^'\\\n]|\\[^\n]{1,6}?)'
            """,
        RegexOptions.Singleline | RegexOptions.IgnorePatternWhitespace | RegexOptions.ExplicitCapture
    )]
    private static partial Regex NotCode();

    [GeneratedRegex("[A-Za-z_][A-Za-z0-9_]*")]
    private static partial Regex Word();
}
