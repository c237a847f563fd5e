using System.Text.RegularExpressions;
using Hitless.House.Tests.Tree;

namespace Hitless.House.Tests.Names;

/// <summary>docs/glossary.md's last table names the words that no identifier under src/ has.</summary>
public sealed partial class BannedWordTests
{
    [Fact]
    public void Identifiers_use_the_words_of_the_glossary()
    {
        var banned = MarkdownTable
            .Below("Banned in identifiers", "docs/glossary.md")
            .Select(row => (Words: $" {row[0]} ", Write: row[1], Except: row[2].Split('`')))
            .ToList();

        Findings.None(
            "One word per notion (docs/glossary.md).",
            from file in Repository.SourcesUnder("src")
            from identifier in file.Identifiers()
            let words = $" {Words(identifier.Name)} "
            from ban in banned
            where words.Contains(ban.Words, StringComparison.Ordinal)
            where
                !ban.Except.Any(folder =>
                    folder.StartsWith("src/", StringComparison.Ordinal) && file.Path.StartsWith(folder + "/", StringComparison.Ordinal)
                )
            select $"{file.Path}:{identifier.Line}: {identifier.Name}; write {ban.Write}"
        );
    }

    [Theory]
    [InlineData("BackupUnitCount", "backup unit count")]
    [InlineData("_masterSlave", "master slave")]
    [InlineData("VIPAddress", "vip address")]
    [InlineData("vip_v6Address", "vip v6 address")]
    public void An_identifier_falls_into_its_words(string identifier, string words) => Assert.Equal(words, Words(identifier));

    private static string Words(string identifier) =>
        string.Join(' ', Word().Matches(identifier).Select(match => match.Value)).ToLowerInvariant();

    [GeneratedRegex("[A-Z]+(?![a-z])[0-9]*|[A-Z]?[a-z]+[0-9]*|[0-9]+")]
    private static partial Regex Word();
}
