using System.Text.RegularExpressions;
using Hitless.House.Tests.Tree;

namespace Hitless.House.Tests.Documents;

/// <summary>Documents that name code which is gone mislead more than none: what they name must be there.</summary>
public sealed partial class DocumentTests
{
    [Fact]
    public void Every_path_that_a_document_names_exists()
    {
        Findings.None(
            "A path in backticks that begins with a folder of the repository exists (one with * or <…> is a pattern).",
            from document in Documents()
            from line in Repository.Read(document).Split('\n').Index()
            from Match path in PathInBackticks().Matches(line.Item)
            where !Repository.Has(path.Groups[1].Value)
            select $"{document}:{line.Index + 1}: {path.Groups[1].Value}"
        );
    }

    [Fact]
    public void Every_link_to_a_file_leads_somewhere()
    {
        Findings.None(
            "A relative link names a file of the repository.",
            from document in Documents()
            from line in Repository.Read(document).Split('\n').Index()
            from Match link in RelativeLink().Matches(line.Item)
            let target = Path.Combine(Path.GetDirectoryName(document)!, link.Groups[1].Value)
            where !Repository.Has(target)
            select $"{document}:{line.Index + 1}: {link.Groups[1].Value}"
        );
    }

    [Fact]
    public void Every_decision_says_problem_decision_consequences_and_what_shows_it()
    {
        string[] headings = ["**Problem.**", "**Decision.**", "**Consequences.**", "**Shown by**"];
        Findings.None(
            "A decision is one page, docs/decisions/NNNN-what-was-decided.md, with all four headings.",
            from path in Repository.FilesUnder("docs/decisions", "*.md")
            let text = Repository.Read(path)
            from fault in headings
                .Where(heading => !text.Contains(heading, StringComparison.Ordinal))
                .Concat(
                    text.StartsWith($"# {Path.GetFileName(path)[..4]} ", StringComparison.Ordinal)
                        ? []
                        : ["its number and title in the first line"]
                )
                .Concat(text.AsSpan().Count('\n') <= 60 ? [] : ["less text: more than 60 lines"])
            select $"{path}: wants {fault}"
        );
    }

    private static IEnumerable<string> Documents() =>
        Repository.FilesUnder("docs", "*.md").Concat(["README.md", "CONTRIBUTING.md"]).Where(Repository.Has);

    [GeneratedRegex(@"`\.?/?((?:src|tests|docs|bench|build|\.ci)/[A-Za-z0-9_./-]*)`")]
    private static partial Regex PathInBackticks();

    [GeneratedRegex(@"\]\((?!https?:|#|mailto:)([^)#\s]+)")]
    private static partial Regex RelativeLink();
}
