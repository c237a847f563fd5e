using System.Text;

namespace Hitless.Daemon.Configuration.Yaml;

/// <summary>
/// Collects everything that is wrong in one file, so that an operator mends it in one go. Bounded: a file of garbage gets no endless list.
/// </summary>
public sealed class Problems(string file)
{
    private const int Max = 100;
    private readonly List<UnitFileProblem> _found = [];

    /// <summary>What was found, in the order of the file; at most 100.</summary>
    public IReadOnlyList<UnitFileProblem> Found => [.. _found.OrderBy(p => p.Line).ThenBy(p => p.Column)];

    /// <summary>Nothing is wrong so far.</summary>
    public bool None => _found.Count == 0;

    /// <summary>Notes a problem; <paramref name="text"/> is one line.</summary>
    public void Add(Place at, string text)
    {
        if (_found.Count < Max)
        {
            _found.Add(new UnitFileProblem(file, at.Line, at.Column, text));
        }
    }

    /// <summary>
    /// What an operator wrote, fit to be repeated in one line: quoted, shortened, control characters and halves of surrogates shown as a
    /// dot.
    /// </summary>
    public static string Quote(string text)
    {
        const int longest = 60;
        var quoted = new StringBuilder("\"");
        foreach (var c in text.AsSpan(0, Math.Min(text.Length, longest)))
        {
            quoted.Append(char.IsControl(c) || char.IsSurrogate(c) ? '.' : c);
        }

        return quoted.Append(text.Length > longest ? "…\"" : "\"").ToString();
    }
}
