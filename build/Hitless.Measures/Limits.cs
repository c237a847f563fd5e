namespace Hitless.Measures;

/// <summary>What the build allows (house.md, "Rules that the build holds"); 0 where there should be none at all.</summary>
public static class Limits
{
    /// <summary>The limit of each rule, by its name; a value above it is an offence.</summary>
    public static IReadOnlyDictionary<string, long> Of { get; } =
        new Dictionary<string, long>(StringComparer.Ordinal)
        {
            [Rules.FileLines] = 500,
            [Rules.MethodLines] = 60,
            [Rules.ClassFields] = 15,
            [Rules.Parameters] = 7,
            [Rules.DelegateParameters] = 0,
            [Rules.FolderCircles] = 0,
            [Rules.WideLines] = 0,
            [Rules.RawIds] = 0,
            [Rules.StateLiterals] = 0,
            [Rules.TwinMethods] = 0,
            [Rules.TwinRecords] = 0,
        };
}

/// <summary>The names of the measures.</summary>
public static class Rules
{
    /// <summary>Lines of a file.</summary>
    public const string FileLines = "file-lines";

    /// <summary>Lines of a method or constructor, its signature included.</summary>
    public const string MethodLines = "method-lines";

    /// <summary>Instance fields of a class, all its parts together; captured constructor parameters are fields too.</summary>
    public const string ClassFields = "class-fields";

    /// <summary>Parameters of a method or a class's constructor; records are what their fields are.</summary>
    public const string Parameters = "parameters";

    /// <summary>Functions among the parameters of a class's constructor.</summary>
    public const string DelegateParameters = "delegate-parameters";

    /// <summary>Folders of one project that depend on each other in a circle; the size of the circle.</summary>
    public const string FolderCircles = "folder-circles";

    /// <summary>Lines of more than 140 columns in a source or a document, tables left out.</summary>
    public const string WideLines = "wide-lines";

    /// <summary>Ids of units and their starts as plain numbers.</summary>
    public const string RawIds = "raw-ids";

    /// <summary>States, roles and verdicts as text amid code.</summary>
    public const string StateLiterals = "state-literals";

    /// <summary>Methods of eight lines or more that stand twice.</summary>
    public const string TwinMethods = "twin-methods";

    /// <summary>Records of three fields or more that have the same ones as another.</summary>
    public const string TwinRecords = "twin-records";
}
