using Hitless.House.Tests.Tree;

namespace Hitless.House.Tests.Layout;

public sealed class FileTests(ITestOutputHelper output)
{
    private const int LineLimit = 500;
    private const int MedianLimit = 100;
    private const int ColumnLimit = 140;

    [Fact]
    public void No_file_is_longer_than_one_reads_in_one_go()
    {
        Findings.None(
            $"At most {LineLimit} lines: does the file hold two things?",
            from folder in new[] { "src", "tests", "bench" }
            from file in Repository.SourcesUnder(folder)
            where file.LineCount > LineLimit
            select $"{file.Path}: {file.LineCount} lines"
        );
    }

    /// <summary>What the formatter (./dev format) cannot break: literals and comments.</summary>
    [Fact]
    public void No_line_is_longer_than_a_window_is_wide()
    {
        Findings.None(
            $"At most {ColumnLimit} columns.",
            from folder in new[] { "src", "tests", "bench" }
            from file in Repository.SourcesUnder(folder)
            from line in file.Text.Split('\n').Select((text, at) => (Text: text, Number: at + 1))
            where line.Text.Length > ColumnLimit
            select $"{file.Path}:{line.Number}: {line.Text.Length} columns"
        );
    }

    [Fact]
    public void The_median_file_is_short()
    {
        var lengths = Repository.SourcesUnder("src").Select(file => file.LineCount).Order().ToList();
        var median = lengths[lengths.Count / 2];
        output.WriteLine(
            $"{lengths.Count} files under src, median {median} lines, longest {lengths[^1]}, {lengths.Count(length => length > 350)} "
                + $"over 350"
        );

        Assert.True(median < MedianLimit, $"The median file under src has {median} lines; below {MedianLimit} is the aim.");
    }

    [Fact]
    public void No_file_is_named_after_nothing_in_particular()
    {
        string[] endings = ["Manager", "Helper", "Helpers", "Util", "Utils", "Base", "Impl"];
        Findings.None(
            "Name a type after what it does.",
            from file in Repository.SourcesUnder("src")
            where endings.Any(ending => Path.GetFileNameWithoutExtension(file.Path).EndsWith(ending, StringComparison.Ordinal))
            select file.Path
        );
    }
}
