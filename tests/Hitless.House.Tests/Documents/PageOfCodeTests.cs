using System.Text.RegularExpressions;
using Hitless.House.Tests.Tree;

namespace Hitless.House.Tests.Documents;

/// <summary>Pages that stand for code: what the code has they have, and what they name the code has.</summary>
public sealed partial class PageOfCodeTests
{
    [Theory]
    [InlineData("Heartbeat", "src/Hitless.Core/Cluster/HeartbeatCodec.cs", "Tag")]
    [InlineData("Session", "src/Hitless.Core/Sessions/SessionMessage.cs", "SessionMessage")]
    [InlineData("An operation", "src/Hitless.Core/Sessions/SessionOperation.cs", "SessionOperation")]
    public void The_protocol_s_page_has_a_row_for_each_number_on_the_wire(string table, string file, string name)
    {
        var numbers = MemberNumber()
            .Matches(Repository.Read(file).Split($"enum {name} : byte")[1].Split("\n}")[0].Split("\n    }")[0])
            .Select(member => member.Groups["number"].Value)
            .ToArray();
        Assert.NotEmpty(numbers);
        var rows = Rows(table).SelectMany(row => row[0].Split(", ")).ToArray();

        Findings.None($"docs/protocol.md, \"{table}\", has the numbers of {name}, and no others.", numbers.Except(rows));
        Findings.None($"docs/protocol.md, \"{table}\", has the numbers of {name}, and no others.", rows.Except(numbers));
    }

    [Fact]
    public void The_rules_page_has_ten_rules_and_names_types_that_exist()
    {
        var rows = MarkdownTable.Below("The ten rules", "docs/rules.md");
        Assert.Equal(Enumerable.Range(1, 10).Select(number => $"{number}"), rows.Select(row => row[0]));
        var types = Repository
            .SourcesUnder("src")
            .Concat(Repository.SourcesUnder("tests"))
            .Select(source => Path.GetFileNameWithoutExtension(source.Path).Split('.')[0])
            .ToHashSet(StringComparer.Ordinal);
        Findings.None(
            "A name of a type in docs/rules.md is one of a file in src or tests.",
            from row in rows
            from Match named in TypeInBackticks().Matches(string.Join(' ', row[2..]))
            where !types.Contains(named.Groups["type"].Value)
            select named.Groups["type"].Value
        );
    }

    // The first table below the line that begins so, a heading or not.
    private static IEnumerable<string[]> Rows(string begin) =>
        Repository
            .Read("docs/protocol.md")
            .Split('\n')
            .SkipWhile(line => !line.TrimStart('#', ' ').StartsWith(begin, StringComparison.Ordinal))
            .SkipWhile(line => !line.StartsWith('|'))
            .TakeWhile(line => line.StartsWith('|'))
            .Skip(2)
            .Select(line => line.Trim('|', ' ').Split('|').Select(cell => cell.Trim()).ToArray());

    [GeneratedRegex(@"^\s+[A-Z]\w+ = (?<number>\d+),", RegexOptions.Multiline | RegexOptions.ExplicitCapture)]
    private static partial Regex MemberNumber();

    [GeneratedRegex(@"`(?<type>[A-Z][a-z]\w+)[`.]", RegexOptions.ExplicitCapture)]
    private static partial Regex TypeInBackticks();
}
