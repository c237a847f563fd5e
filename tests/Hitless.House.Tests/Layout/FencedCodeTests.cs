using System.Text.RegularExpressions;
using Hitless.House.Tests.Tree;

namespace Hitless.House.Tests.Layout;

public sealed partial class FencedCodeTests
{
    [Fact]
    public void Only_the_Linux_project_calls_native_code_or_is_unsafe()
    {
        Findings.None(
            "P/Invoke and unsafe code live in src/Hitless.Linux.",
            from file in Repository.SourcesUnder("src")
            where !file.Path.StartsWith("src/Hitless.Linux/", StringComparison.Ordinal)
            from word in file.Identifiers()
            where word.Name is "DllImport" or "LibraryImport" or "unsafe"
            select $"{file.Path}:{word.Line}: {word.Name}"
        );
    }

    [Fact]
    public void Only_the_Linux_project_may_compile_unsafe_code()
    {
        Findings.None(
            "AllowUnsafeBlocks opens the door of src/Hitless.Linux and no other.",
            Repository
                .FilesUnder("src", "*.csproj")
                .Where(path =>
                    !path.EndsWith("/Hitless.Linux.csproj", StringComparison.Ordinal)
                    && Repository.Read(path).Contains("AllowUnsafeBlocks", StringComparison.Ordinal)
                )
        );
    }

    [Fact]
    public void Nothing_is_left_open_in_the_code()
    {
        Findings.None(
            "Finish it, or file an issue.",
            from folder in new[] { "src", "tests", "bench" }
            from file in Repository.SourcesUnder(folder)
            where !file.Path.EndsWith($"/{nameof(FencedCodeTests)}.cs", StringComparison.Ordinal)
            from line in file.Text.Split('\n').Index()
            where LeftOpen().IsMatch(line.Item)
            select $"{file.Path}:{line.Index + 1}: {line.Item.Trim()}"
        );
    }

    [Fact]
    public void No_pattern_gives_up_after_a_time()
    {
        Findings.None(
            "A pattern with a time limit fails when the machine stands still for as long: a daemon's start did. Write one that needs "
                + "no limit, its time linear in the text.",
            from folder in new[] { "src", "tests", "bench" }
            from file in Repository.SourcesUnder(folder)
            from line in file.Code.Split('\n').Index()
            where HasTimeLimit().IsMatch(line.Item)
            select $"{file.Path}:{line.Index + 1}: {line.Item.Trim()}"
        );
    }

    [GeneratedRegex(@"\bGeneratedRegex\(.*, *[0-9]+\)|\bRegex(\.[A-Z][A-Za-z]+)?\(.*\bTimeSpan\b|\bmatchTimeout")]
    private static partial Regex HasTimeLimit();

    [GeneratedRegex(@"\b(TODO|FIXME|HACK|XXX|NotImplementedException)\b|\bSkip\s*=\s*""")]
    private static partial Regex LeftOpen();
}
