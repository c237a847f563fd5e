using System.Text;

namespace Hitless.Core.Configuration;

/// <summary>Unified diff of two texts (Myers, "An O(ND) Difference Algorithm", 1986), three lines of context.</summary>
public static class TextDiff
{
    private const int Context = 3;

    /// <summary>
    /// With more changed lines than this the middle is shown as replaced: the search takes time and memory with the square of it.
    /// </summary>
    private const int ChangesMax = 1000;

    private enum Mark
    {
        Same,
        Removed,
        Added,
    }

    private readonly record struct Line(Mark Mark, string Text);

    /// <summary>The diff with its two header lines; empty when both are the same. A null text is a file that does not exist.</summary>
    public static string Unified(string fromName, string? from, string toName, string? to)
    {
        if (from == to)
        {
            return "";
        }

        var lines = Compare(Split(from), Split(to));
        var text = new StringBuilder($"--- {(from is null ? "/dev/null" : fromName)}\n+++ {(to is null ? "/dev/null" : toName)}\n");
        for (var start = 0; (start = NextChange(lines, start)) < lines.Count; )
        {
            var end = EndOfHunk(lines, start);
            AppendHunk(text, lines, Math.Max(0, start - Context), Math.Min(lines.Count, end + Context));
            start = end;
        }

        return text.ToString();
    }

    private static string[] Split(string? text)
    {
        if (string.IsNullOrEmpty(text))
        {
            return [];
        }

        var lines = text.Split('\n');
        return lines[^1].Length == 0 ? lines[..^1] : [.. lines[..^1], lines[^1] + "\n\\ No newline at end of file"];
    }

    private static List<Line> Compare(string[] a, string[] b)
    {
        var head = 0;
        while (head < a.Length && head < b.Length && a[head] == b[head])
        {
            head++;
        }

        var tail = 0;
        while (tail < a.Length - head && tail < b.Length - head && a[^(tail + 1)] == b[^(tail + 1)])
        {
            tail++;
        }

        var result = a[..head].Select(t => new Line(Mark.Same, t)).ToList();
        var (middleA, middleB) = (a[head..^tail], b[head..^tail]);
        result.AddRange(
            ShortestEdit(middleA, middleB)
                ?? [.. middleA.Select(t => new Line(Mark.Removed, t)), .. middleB.Select(t => new Line(Mark.Added, t))]
        );
        result.AddRange(a[^tail..].Select(t => new Line(Mark.Same, t)));
        return result;
    }

    private static List<Line>? ShortestEdit(string[] a, string[] b)
    {
        var max = Math.Min(a.Length + b.Length, ChangesMax);
        var furthest = new int[(2 * max) + 3];
        var trace = new List<int[]>();
        for (var d = 0; d <= max; d++)
        {
            trace.Add(furthest[(max - d + 1)..(max + d + 2)]);
            for (var k = -d; k <= d; k += 2)
            {
                var i = max + 1 + k;
                var x = k == -d || (k != d && furthest[i - 1] < furthest[i + 1]) ? furthest[i + 1] : furthest[i - 1] + 1;
                for (; x < a.Length && x - k < b.Length && a[x] == b[x - k]; x++) { }

                furthest[i] = x;
                if (x >= a.Length && x - k >= b.Length)
                {
                    return Walk(a, b, trace);
                }
            }
        }

        return null;
    }

    /// <summary>
    /// Back from the end over the remembered rounds; <c>trace[d][k + d]</c> is how far round d - 1 had come on diagonal k.
    /// </summary>
    private static List<Line> Walk(string[] a, string[] b, List<int[]> trace)
    {
        var lines = new List<Line>();
        var (x, y) = (a.Length, b.Length);
        for (var d = trace.Count - 1; d >= 0; d--)
        {
            var before = trace[d];
            int At(int diagonal) => diagonal + d >= 0 && diagonal + d < before.Length ? before[diagonal + d] : 0;
            var k = x - y;
            var down = k == -d || (k != d && At(k - 1) < At(k + 1));
            var fromX =
                d == 0 ? 0
                : down ? At(k + 1)
                : At(k - 1) + 1;
            for (; x > fromX; x--, y--)
            {
                lines.Add(new Line(Mark.Same, a[x - 1]));
            }

            if (d > 0)
            {
                lines.Add(down ? new Line(Mark.Added, b[--y]) : new Line(Mark.Removed, a[--x]));
            }
        }

        lines.Reverse();
        return lines;
    }

    private static int NextChange(List<Line> lines, int from)
    {
        while (from < lines.Count && lines[from].Mark == Mark.Same)
        {
            from++;
        }

        return from;
    }

    /// <summary>One past the last change that belongs to the hunk: the next one is more than twice the context away.</summary>
    private static int EndOfHunk(List<Line> lines, int start)
    {
        for (var end = start; ; )
        {
            while (end < lines.Count && lines[end].Mark != Mark.Same)
            {
                end++;
            }

            var next = NextChange(lines, end);
            if (next >= lines.Count || next - end > 2 * Context)
            {
                return end;
            }

            end = next;
        }
    }

    private static void AppendHunk(StringBuilder text, List<Line> lines, int start, int end)
    {
        var (oldStart, newStart) = (
            lines.Take(start).Count(l => l.Mark != Mark.Added),
            lines.Take(start).Count(l => l.Mark != Mark.Removed)
        );
        var hunk = lines[start..end];
        var (oldCount, newCount) = (hunk.Count(l => l.Mark != Mark.Added), hunk.Count(l => l.Mark != Mark.Removed));
        text.Append($"@@ -{oldStart + Math.Sign(oldCount)},{oldCount} +{newStart + Math.Sign(newCount)},{newCount} @@\n");
        foreach (var line in hunk)
        {
            text.Append(
                    line.Mark switch
                    {
                        Mark.Same => ' ',
                        Mark.Removed => '-',
                        _ => '+',
                    }
                )
                .Append(line.Text)
                .Append('\n');
        }
    }
}
