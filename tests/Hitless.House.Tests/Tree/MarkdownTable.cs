namespace Hitless.House.Tests.Tree;

/// <summary>Reads tables out of documents, so that a rule stands where people read it and nowhere else.</summary>
internal static class MarkdownTable
{
    /// <summary>The rows of the first table below a heading: cells without the pipes and blanks around them.</summary>
    public static IReadOnlyList<string[]> Below(string heading, string document) =>
        Repository
            .Read(document)
            .Split('\n')
            .SkipWhile(line => line.TrimStart('#', ' ') != heading)
            .SkipWhile(line => !line.StartsWith('|'))
            .TakeWhile(line => line.StartsWith('|'))
            .Skip(2)
            .Select(line => line.Trim('|', ' ').Split('|').Select(cell => cell.Trim()).ToArray())
            .ToList()
            is { Count: > 0 } rows
            ? rows
            : throw new InvalidOperationException($"{document} has no table below \"{heading}\".");
}
