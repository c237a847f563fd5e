using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Hitless.Measures;

/// <summary>A C# file of a checkout: its path from the root, its text, and its syntax.</summary>
public sealed class SourceTree
{
    private SourceTree(string path, string text)
    {
        Path = path;
        Text = text;
        Root = CSharpSyntaxTree
            .ParseText(text, CSharpParseOptions.Default.WithLanguageVersion(LanguageVersion.Latest))
            .GetCompilationUnitRoot();
    }

    /// <summary>With forward slashes: <c>src/Hitless.Core/Wire/ByteReader.cs</c>.</summary>
    public string Path { get; }

    /// <summary>All of it.</summary>
    public string Text { get; }

    /// <summary>The parsed file.</summary>
    public CompilationUnitSyntax Root { get; }

    /// <summary>The project's name without <c>Hitless.</c>.</summary>
    public string Project => Path.Split('/')[1]["Hitless.".Length..];

    /// <summary>The project's folder that the file is in; empty: it lies in the project itself.</summary>
    public string Folder => Path.Split('/') is { Length: > 3 } parts ? parts[2] : "";

    /// <summary>How many lines it has.</summary>
    public int Lines => Text.AsSpan().Count('\n');

    /// <summary>Every source under <c>src</c> of a checkout, in the order of their paths.</summary>
    public static IReadOnlyList<SourceTree> Of(string root) =>
        [
            .. Directory
                .EnumerateFiles(System.IO.Path.Combine(root, "src"), "*.cs", SearchOption.AllDirectories)
                .Select(file => System.IO.Path.GetRelativePath(root, file))
                .Where(path => !path.Split('/').Any(part => part is "bin" or "obj"))
                .Order(StringComparer.Ordinal)
                .Select(path => new SourceTree(path, File.ReadAllText(System.IO.Path.Combine(root, path)))),
        ];
}
