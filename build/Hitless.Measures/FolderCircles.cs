namespace Hitless.Measures;

/// <summary>
/// Folders of a project that need each other: a circle is a set of folders each of which reaches each other one by <c>using</c>. Namespaces
/// follow folders here, so a <c>using</c> names a folder.
/// </summary>
internal static class FolderCircles
{
    public static IEnumerable<Finding> Of(IEnumerable<SourceTree> trees) =>
        from project in trees.GroupBy(tree => tree.Project, StringComparer.Ordinal)
        let needs = Needs(project.Key, [.. project])
        from circle in Circles(needs)
        select new Finding(Rules.FolderCircles, $"{project.Key}: {string.Join(", ", circle)}", circle.Count);

    private static Dictionary<string, HashSet<string>> Needs(string project, IReadOnlyList<SourceTree> trees)
    {
        var folders = trees.Where(tree => tree.Folder.Length > 0).Select(tree => tree.Folder).ToHashSet(StringComparer.Ordinal);
        var needs = folders.ToDictionary(folder => folder, _ => new HashSet<string>(StringComparer.Ordinal), StringComparer.Ordinal);
        var prefix = $"Hitless.{project}.";
        foreach (var tree in trees.Where(tree => tree.Folder.Length > 0))
        {
            var used = tree
                .Root.Usings.Select(each => each.Name?.ToString() ?? "")
                .Where(name => name.StartsWith(prefix, StringComparison.Ordinal))
                .Select(name => name[prefix.Length..].Split('.')[0])
                .Where(folder => folder != tree.Folder && folders.Contains(folder));
            needs[tree.Folder].UnionWith(used);
        }

        return needs;
    }

    private static IEnumerable<IReadOnlyList<string>> Circles(Dictionary<string, HashSet<string>> needs)
    {
        var reach = needs.Keys.ToDictionary(folder => folder, folder => Reach(folder, needs), StringComparer.Ordinal);
        return needs
            .Keys.Where(folder => reach[folder].Contains(folder))
            .Select(folder =>
                needs
                    .Keys.Where(other => reach[folder].Contains(other) && reach[other].Contains(folder))
                    .Order(StringComparer.Ordinal)
                    .ToArray()
            )
            .DistinctBy(circle => string.Join(',', circle), StringComparer.Ordinal);
    }

    private static HashSet<string> Reach(string from, Dictionary<string, HashSet<string>> needs)
    {
        var reached = new HashSet<string>(StringComparer.Ordinal);
        var open = new Stack<string>(needs[from]);
        while (open.TryPop(out var next))
        {
            if (reached.Add(next))
            {
                foreach (var further in needs[next])
                {
                    open.Push(further);
                }
            }
        }

        return reached;
    }
}
