namespace Hitless.Measures;

/// <summary>A row of what <c>./dev house</c> prints.</summary>
/// <param name="Name">What was measured.</param>
/// <param name="Value">How much or how many.</param>
/// <param name="Where">Where the largest is; null: nothing to name.</param>
public sealed record Row(string Name, long Value, string? Where);

/// <summary>The table that <c>./dev house</c> prints.</summary>
public static class Table
{
    /// <summary>Measures a checkout.</summary>
    public static IReadOnlyList<Row> Of(string root)
    {
        var found = Shape.Of(root).ToLookup(finding => finding.Rule, StringComparer.Ordinal);
        return
        [
            .. Shape.Projects(root).Select(project => new Row($"lines, {project.Project}", project.Lines, null)),
            new Row("lines that tell the daemon again (Simulator)", Retold(found[Rules.FileLines]), "Simulator/Units"),
            Largest("longest file, lines", found[Rules.FileLines]),
            Largest("longest method, lines", found[Rules.MethodLines]),
            Over("methods over 60 lines", Rules.MethodLines, found),
            Largest("class with most fields", found[Rules.ClassFields]),
            Over("classes over 15 fields", Rules.ClassFields, found),
            Largest("most parameters", found[Rules.Parameters]),
            Over("parameter lists over 7", Rules.Parameters, found),
            Sum("functions among constructor parameters", found[Rules.DelegateParameters]),
            Sum("folders in a circle", found[Rules.FolderCircles]),
            Sum("lines over 140 columns", found[Rules.WideLines]),
            Sum("raw ids", found[Rules.RawIds]),
            Sum("state literals", found[Rules.StateLiterals]),
            new Row("methods that stand twice", found[Rules.TwinMethods].Count(), found[Rules.TwinMethods].FirstOrDefault()?.Place),
            new Row("records with the same fields", found[Rules.TwinRecords].Count(), found[Rules.TwinRecords].FirstOrDefault()?.Place),
        ];
    }

    private static long Retold(IEnumerable<Finding> files) =>
        files.Where(file => file.Place.StartsWith("src/Hitless.Simulator/Units/", StringComparison.Ordinal)).Sum(file => file.Value);

    private static Row Largest(string name, IEnumerable<Finding> findings)
    {
        var largest = findings.MaxBy(finding => finding.Value);
        return new Row(name, largest?.Value ?? 0, largest?.Place);
    }

    private static Row Over(string name, string rule, ILookup<string, Finding> found) =>
        new(name, found[rule].Count(finding => finding.Value > Limits.Of[rule]), null);

    private static Row Sum(string name, IEnumerable<Finding> findings)
    {
        var largest = findings.MaxBy(finding => finding.Value);
        return new Row(name, findings.Sum(finding => finding.Value), largest is { Value: > 0 } ? largest.Place : null);
    }
}
