using System.Xml.Linq;
using Hitless.House.Tests.Tree;

namespace Hitless.House.Tests.Layout;

/// <summary>The dependency table of docs/architecture.md is the rule; the project files obey it.</summary>
public sealed class DependencyTests
{
    [Fact]
    public void Each_project_references_exactly_what_the_table_of_the_architecture_allows()
    {
        var allowed = MarkdownTable.Below("Dependencies", "docs/architecture.md").ToDictionary(row => row[0].Trim('`'), row => row[1]);
        var actual = Repository.FilesUnder("src", "*.csproj").ToDictionary(path => Path.GetFileNameWithoutExtension(path), References);

        Assert.Equal(allowed.OrderBy(row => row.Key, StringComparer.Ordinal), actual.OrderBy(row => row.Key, StringComparer.Ordinal));
    }

    [Fact]
    public void Core_has_no_package_that_would_run_in_it()
    {
        Findings.None(
            "Core stands on the platform alone; analyzers are private assets.",
            from package in Project("src/Hitless.Core/Hitless.Core.csproj").Descendants("PackageReference")
            where (string?)package.Attribute("PrivateAssets") != "all"
            select package.ToString()
        );
    }

    [Fact]
    public void Package_versions_stand_in_one_place_and_are_exact()
    {
        Findings.None(
            "Versions are pinned in Directory.Packages.props.",
            Repository
                .FilesUnder(".", "*.csproj")
                .Where(path => Project(path).Descendants("PackageReference").Any(package => package.Attribute("Version") is not null))
                .Concat(
                    Project("Directory.Packages.props")
                        .Descendants("PackageVersion")
                        .Select(package => (string?)package.Attribute("Version") ?? "")
                        .Where(version => version.AsSpan().ContainsAny("*[]()"))
                )
        );
    }

    private static XElement Project(string path) => XElement.Parse(Repository.Read(path));

    private static string References(string path)
    {
        var names = Project(path)
            .Descendants("ProjectReference")
            .Select(reference => Path.GetFileNameWithoutExtension((string)reference.Attribute("Include")!)["Hitless.".Length..])
            .ToList();
        return names.Count == 0 ? "–" : string.Join(", ", names);
    }
}
