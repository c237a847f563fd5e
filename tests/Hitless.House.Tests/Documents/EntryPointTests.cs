using System.Text.RegularExpressions;
using Hitless.House.Tests.Tree;

namespace Hitless.House.Tests.Documents;

public sealed partial class EntryPointTests
{
    [Fact]
    public void Ci_runs_the_test_command_of_the_readme()
    {
        Assert.Contains("```\n./dev test\n", Repository.Read("README.md"), StringComparison.Ordinal);
        Assert.Matches(@"(?m)exec \./dev test$", Repository.Read(".ci/run"));
    }

    [Fact]
    public void Every_command_of_dev_that_a_document_names_is_one()
    {
        var dev = Repository.Read("dev");
        Findings.None(
            "./dev help lists the commands.",
            from document in Repository.FilesUnder("docs", "*.md").Concat(["README.md", "CONTRIBUTING.md"])
            from Match call in DevCall().Matches(Repository.Read(document))
            where !dev.Contains($"\n    {call.Groups[1].Value}) ", StringComparison.Ordinal) && call.Groups[1].Value != "help"
            select $"{document}: ./dev {call.Groups[1].Value}"
        );
    }

    [Fact]
    public void Every_test_project_is_part_of_the_solution()
    {
        var solution = Repository.Read("Hitless.slnx");
        Findings.None(
            "Hitless.slnx names every project.",
            Repository
                .FilesUnder(".", "*.csproj")
                .Select(path => path.TrimStart('.', '/'))
                .Where(path => !solution.Contains(path, StringComparison.Ordinal))
        );
    }

    [GeneratedRegex(@"\./dev ([a-z]+)")]
    private static partial Regex DevCall();
}
