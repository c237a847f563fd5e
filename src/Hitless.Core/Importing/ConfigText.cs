namespace Hitless.Core.Importing;

/// <summary>
/// A line of a file in the manner of keepalived.conf and conntrackd.conf: words, and what stands in braces behind them, if anything does.
/// </summary>
/// <param name="Line">Number of the line, from 1.</param>
/// <param name="Words">The words; the first one is the keyword.</param>
/// <param name="Below">The lines in the braces; null: there are none.</param>
public sealed record ConfigLine(int Line, IReadOnlyList<string> Words, IReadOnlyList<ConfigLine>? Below)
{
    /// <summary>The first word.</summary>
    public string Keyword => Words[0];

    /// <summary>The word at a place behind the keyword; empty: there is none.</summary>
    public string Argument(int index) => index + 1 < Words.Count ? Words[index + 1] : "";

    /// <summary>The word behind a word, as in <c>dev eth0</c>; empty: the word is not there.</summary>
    public string After(string word)
    {
        for (var i = 0; i + 1 < Words.Count; i++)
        {
            if (Words[i] == word)
            {
                return Words[i + 1];
            }
        }

        return "";
    }

    /// <summary>The lines below with a keyword.</summary>
    public IEnumerable<ConfigLine> All(string keyword) => (Below ?? []).Where(line => line.Keyword == keyword);

    /// <summary>As it is written, without its braces.</summary>
    public override string ToString() => string.Join(' ', Words);
}

/// <summary>
/// Reads such a file: one statement a line, braces around what belongs to it, quotes around words with blanks, <c>#</c> and <c>!</c> before
/// comments; keepalived's <c>$NAME=value</c> with <c>$NAME</c> or <c>${NAME}</c>, and <c>@host</c> before lines for one host alone.
/// </summary>
public static class ConfigText
{
    /// <summary>Deeper nesting is refused.</summary>
    public const int DepthMax = 16;

    /// <summary>Reads the text; on false <paramref name="problem"/> says the line and what is wrong with it.</summary>
    public static bool TryRead(string text, string host, out IReadOnlyList<ConfigLine> lines, out string problem)
    {
        var reader = new Reader(text, host);
        lines = reader.ReadLines(0, 0);
        problem = reader.Problem;
        return problem.Length == 0;
    }

    private sealed class Reader(string text, string host)
    {
        private readonly string[] _rows = text.Split('\n');
        private readonly Dictionary<string, string> _variables = new(StringComparer.Ordinal);
        private readonly Queue<string> _rest = new();
        private int _row;

        public string Problem { get; private set; } = "";

        public List<ConfigLine> ReadLines(int depth, int openedAt)
        {
            var lines = new List<ConfigLine>();
            for (var words = Next(); words is not null && Problem.Length == 0; words = Next())
            {
                var number = _row;
                if (words is ["}"])
                {
                    if (depth == 0)
                    {
                        Problem = $"line {number}: a brace is closed that was not opened";
                    }

                    return lines;
                }

                if (words is ["{"])
                {
                    if (lines.Count == 0 || lines[^1].Below is not null)
                    {
                        Problem = $"line {number}: a brace is opened, and nothing stands before it";
                        return lines;
                    }

                    lines[^1] = lines[^1] with { Below = Inside(depth, number) };
                    continue;
                }

                lines.Add(new ConfigLine(number, words, null));
            }

            if (depth > 0 && Problem.Length == 0)
            {
                Problem = $"line {openedAt}: a brace is not closed";
            }

            return lines;
        }

        private List<ConfigLine> Inside(int depth, int number)
        {
            if (depth + 1 < DepthMax)
            {
                return ReadLines(depth + 1, number);
            }

            Problem = $"line {number}: nested too deep";
            return [];
        }

        // The words up to the end of the line or to a brace, which comes alone.
        private List<string>? Next()
        {
            var words = new List<string>();
            while (true)
            {
                while (_rest.TryPeek(out var word))
                {
                    if (word is "{" or "}")
                    {
                        return words.Count > 0 ? words : [_rest.Dequeue()];
                    }

                    words.Add(_rest.Dequeue());
                }

                if (words.Count > 0)
                {
                    return words;
                }

                if (_row == _rows.Length)
                {
                    return null;
                }

                Split(_rows[_row++]);
            }
        }

        private void Split(string row)
        {
            var words = Words(row);
            if (words.Count > 0 && words[0] is ['@', .. var only])
            {
                var wanted = only is ['!', .. var other] ? other != host : only == host;
                words = wanted ? words[1..] : [];
            }

            if (words.Count > 0 && words[0] is ['$', .. var definition] && definition.Split('=', 2) is [var name, var value])
            {
                _variables[name] = string.Join(' ', (string[])[value, .. words[1..]]).Trim();
                return;
            }

            words.ForEach(_rest.Enqueue);
        }

        private List<string> Words(string row)
        {
            var (words, word, quoted, begun) = (new List<string>(), new System.Text.StringBuilder(), false, false);
            foreach (var letter in row)
            {
                if (letter == '"')
                {
                    (quoted, begun) = (!quoted, true);
                }
                else if (!quoted && letter is '#' or '!' && word.Length == 0 && !begun)
                {
                    break;
                }
                else if (!quoted && (char.IsWhiteSpace(letter) || letter is '{' or '}') && !InVariable(word, letter))
                {
                    End();
                    if (letter is '{' or '}')
                    {
                        words.Add($"{letter}");
                    }
                }
                else
                {
                    word.Append(letter);
                    begun = true;
                }
            }

            End();
            return words;

            void End()
            {
                if (begun)
                {
                    words.Add(Known(word.ToString()));
                }

                word.Clear();
                begun = false;
            }
        }

        private static bool InVariable(System.Text.StringBuilder word, char letter) =>
            (letter == '{' && word.Length > 0 && word[^1] == '$')
            || (
                letter == '}'
                && word.ToString().LastIndexOf("${", StringComparison.Ordinal) is >= 0 and var open
                && !word.ToString()[open..].Contains('}', StringComparison.Ordinal)
            );

        private string Known(string word)
        {
            if (!word.Contains('$', StringComparison.Ordinal) || (word[0] == '$' && word.Contains('=', StringComparison.Ordinal)))
            {
                return word;
            }

            foreach (var (name, value) in _variables.OrderByDescending(each => each.Key.Length))
            {
                word = word.Replace($"${{{name}}}", value, StringComparison.Ordinal).Replace($"${name}", value, StringComparison.Ordinal);
            }

            return word;
        }
    }
}
