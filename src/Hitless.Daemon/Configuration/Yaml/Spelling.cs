namespace Hitless.Daemon.Configuration.Yaml;

/// <summary>"Did you mean": the known word that an unknown one is a slip of.</summary>
public static class Spelling
{
    /// <summary>
    /// The nearest of <paramref name="known"/>, at most two slips away (one for words of four letters or fewer); null if there is none.
    /// </summary>
    public static string? Nearest(string word, IEnumerable<string> known)
    {
        var normal = word.ToLowerInvariant().Replace('_', '-');
        return known
            .Where(k => Math.Abs(k.Length - normal.Length) <= 2)
            .Select(k => (Word: k, Slips: Slips(normal, k)))
            .Where(k => k.Slips <= (k.Word.Length <= 4 ? 1 : 2))
            .OrderBy(k => k.Slips)
            .Select(k => k.Word)
            .FirstOrDefault();
    }

    /// <summary>Letters to add, drop, change or swap with a neighbour (optimal string alignment distance).</summary>
    private static int Slips(string a, string b)
    {
        var d = new int[a.Length + 1, b.Length + 1];
        for (var i = 0; i <= a.Length; i++)
        {
            for (var j = 0; j <= b.Length; j++)
            {
                d[i, j] =
                    i == 0 || j == 0
                        ? i + j
                        : Math.Min(Math.Min(d[i - 1, j] + 1, d[i, j - 1] + 1), d[i - 1, j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1));
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                {
                    d[i, j] = Math.Min(d[i, j], d[i - 2, j - 2] + 1);
                }
            }
        }

        return d[a.Length, b.Length];
    }
}
