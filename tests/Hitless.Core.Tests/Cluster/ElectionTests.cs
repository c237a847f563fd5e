using Hitless.Core.Cluster;
using Xunit;

namespace Hitless.Core.Tests.Cluster;

/// <summary>
/// FortiOS's choice of the primary (docs of FGCP 5.0 to 7.6), a case a sentence. A candidate is written "name age/priority", with ! for a
/// failed port, ~ for sessions not held, ^ for override.
/// </summary>
public sealed class ElectionTests
{
    private static readonly TimeSpan Margin = TimeSpan.FromSeconds(300);

    public static TheoryData<string, string, string> Cases =>
        new()
        {
            { "Fewest failed monitored interfaces come first", "a 9000/255! b 0/1", "b" },
            { "One failed interface beats two", "a 9000/255!! b 0/1!", "b" },
            { "Then age, if it differs by more than the margin", "a 301/1 b 0/255", "a" },
            { "An age that differs by the margin or less is equal, and priority decides", "a 300/1 b 0/255", "b" },
            { "Priority: the higher wins", "a 10/100 b 10/200", "b" },
            { "Then the serial: the higher wins", "a 10/128 b 10/128", "b" },
            { "Override on: priority comes before age", "a 9000/100 b 0/200^", "b" },
            { "Override on: failed interfaces still come before priority", "a 0/100 b 9000/200!^", "a" },
            { "Override on with equal priorities: age decides", "a 9000/128^ b 0/128^", "a" },
            { "A unit that does not hold the sessions comes last, whatever else", "a 9000/255~ b 0/1!", "b" },
            { "If nobody holds the sessions, the other rules decide", "a 9000/1~ b 0/255~", "a" },
            { "Three ages in a row are held against the oldest, so that the order is whole", "a 0/255 b 200/200 c 400/100", "b" },
            { "Four units: the old ones compete by priority among themselves", "a 0/255 b 1000/10 c 900/20 d 650/255", "c" },
            { "A failed unit's age does not count against the others", "a 9000/10! b 400/10 c 200/20", "c" },
        };

    [Theory]
    [MemberData(nameof(Cases))]
    public void The_rules_choose(string sentence, string candidates, string expected)
    {
        Candidate[] all = [.. Parse(candidates)];

        Assert.True(Election.TryBest(all, Margin, out var best));
        Assert.True(expected == best.Name, $"{sentence}: {best.Name} instead of {expected}");

        // The order of hearing does not matter.
        Array.Reverse(all);
        Assert.True(Election.TryBest(all, Margin, out var again));
        Assert.Equal(best, again);
        Assert.NotEmpty(Election.Explain(best, all, Margin));
    }

    [Fact]
    public void Every_candidate_has_a_rank_of_its_own()
    {
        var random = new Random(11);
        for (var round = 0; round < 20_000; round++)
        {
            var all = Enumerable
                .Range(0, random.Next(1, 5))
                .Select(i => new Candidate(
                    new((ulong)i + 1),
                    $"u{i}",
                    random.Next(3) > 0,
                    random.Next(3),
                    TimeSpan.FromSeconds(random.Next(0, 1000)),
                    random.Next(4),
                    random.Next(4) == 0
                ))
                .ToArray();
            var ranks = all.Select(c => Election.RankOf(c.Serial, all, Margin)).Order().ToArray();
            Assert.Equal(Enumerable.Range(0, all.Length), ranks);
            Assert.True(Election.TryBest(all, Margin, out var best));
            Assert.Equal(0, Election.RankOf(best.Serial, all, Margin));
        }
    }

    private static IEnumerable<Candidate> Parse(string text)
    {
        var words = text.Split(' ');
        for (var i = 0; i < words.Length; i += 2)
        {
            var (name, rest) = (words[i], words[i + 1]);
            var numbers = rest.TrimEnd('!', '~', '^').Split('/');
            yield return new Candidate(
                new((ulong)(i / 2) + 1),
                name,
                !rest.Contains('~', StringComparison.Ordinal),
                rest.Count(c => c == '!'),
                TimeSpan.FromSeconds(int.Parse(numbers[0])),
                int.Parse(numbers[1]),
                rest.Contains('^', StringComparison.Ordinal)
            );
        }
    }
}
