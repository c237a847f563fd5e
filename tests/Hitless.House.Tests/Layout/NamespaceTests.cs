using System.Text.RegularExpressions;
using Hitless.House.Tests.Tree;

namespace Hitless.House.Tests.Layout;

public sealed partial class NamespaceTests
{
    // Files that declare nothing: the entry point's statements, global usings, attributes of the assembly.
    private static readonly HashSet<string> s_withoutNamespace = ["Program.cs", "GlobalUsings.cs", "AssemblyInfo.cs"];

    [Fact]
    public void The_namespace_of_a_file_is_its_folder_and_file_scoped()
    {
        Findings.None("src/Hitless.X/Folder/Name.cs begins with: namespace Hitless.X.Folder;", Misplaced("src"));
        Findings.None("tests/Hitless.X.Tests/Folder/Name.cs begins with: namespace Hitless.X.Tests.Folder;", Misplaced("tests"));
    }

    private static IEnumerable<string> Misplaced(string top) =>
        from file in Repository.SourcesUnder(top)
        let expected = Path.GetDirectoryName(file.Path)![(top.Length + 1)..].Replace('/', '.')
        let found = Namespace().Matches(file.Code).Select(match => match.Groups["name"].Value + match.Groups["end"].Value).ToList()
        where !(found.Count == 0 && s_withoutNamespace.Contains(Path.GetFileName(file.Path)))
        where found is not [var only] || only != expected + ";"
        select $"{file.Path}: {(found.Count == 0 ? "no namespace" : string.Join(' ', found))}, expected {expected};";

    [GeneratedRegex(@"^\s*namespace\s+(?<name>[\w.]+)\s*(?<end>[;{]?)", RegexOptions.Multiline | RegexOptions.ExplicitCapture)]
    private static partial Regex Namespace();
}
