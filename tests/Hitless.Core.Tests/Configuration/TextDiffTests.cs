using Hitless.Core.Configuration;
using Xunit;

namespace Hitless.Core.Tests.Configuration;

public sealed class TextDiffTests
{
    [Fact]
    public void A_change_is_shown_with_three_lines_around_it() =>
        Assert.Equal(
            "--- a\n+++ b\n@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+five\n 6\n 7\n 8\n",
            TextDiff.Unified("a", "1\n2\n3\n4\n5\n6\n7\n8\n9\n", "b", "1\n2\n3\n4\nfive\n6\n7\n8\n9\n")
        );

    [Fact]
    public void New_gone_and_unfinished_files_are_shown_like_diff_does()
    {
        Assert.Equal("", TextDiff.Unified("a", "x\n", "b", "x\n"));
        Assert.Equal("--- /dev/null\n+++ b\n@@ -0,0 +1,1 @@\n+x\n", TextDiff.Unified("a", null, "b", "x\n"));
        Assert.Equal("--- a\n+++ /dev/null\n@@ -1,1 +0,0 @@\n-x\n\\ No newline at end of file\n", TextDiff.Unified("a", "x", "b", null));
    }

    [Fact]
    public void Applying_the_diff_gives_the_other_text()
    {
        var random = new Random(3);
        for (var i = 0; i < 3000; i++)
        {
            var (a, b) = (Text(random), Text(random));
            Assert.Equal(b, Apply(a, TextDiff.Unified("a", a, "b", b)));
        }
    }

    [Fact]
    public void Texts_that_have_nothing_in_common_are_replaced_in_bounded_time()
    {
        var a = string.Concat(Enumerable.Range(0, 20_000).Select(i => $"a{i}\n"));
        var b = string.Concat(Enumerable.Range(0, 20_000).Select(i => $"b{i}\n"));
        Assert.Equal(b, Apply(a, TextDiff.Unified("a", a, "b", b)));
    }

    private static string Text(Random random) => string.Concat(Enumerable.Range(0, random.Next(30)).Select(_ => $"{random.Next(6)}\n"));

    private static string Apply(string text, string diff)
    {
        var old = text.Split('\n')[..^1];
        var result = new List<string>();
        var at = 0;
        foreach (var line in diff.Split('\n').Skip(2).Where(l => l.Length > 0))
        {
            if (line.StartsWith("@@", StringComparison.Ordinal))
            {
                var range = line[4..line.IndexOf('+', StringComparison.Ordinal)].Trim().Split(',');
                var start = int.Parse(range[0]) - (range[1] == "0" ? 0 : 1);
                result.AddRange(old[at..start]);
                at = start;
            }
            else if (line[0] == '+')
            {
                result.Add(line[1..]);
            }
            else
            {
                Assert.Equal(old[at], line[1..]);
                at++;
                if (line[0] == ' ')
                {
                    result.Add(line[1..]);
                }
            }
        }

        result.AddRange(old[at..]);
        return string.Concat(result.Select(l => l + "\n"));
    }
}
