using System.CommandLine;
using Hitless.Lab.Network;

namespace Hitless.Lab.Commands;

/// <summary>The options that every command of the lab has: which lab, and where labs live.</summary>
public static class CommonOptions
{
    /// <summary><c>--name</c>.</summary>
    public static Option<string> Name { get; } =
        new("--name")
        {
            Description = "the lab's name, part of its namespaces' names",
            DefaultValueFactory = _ => "lab",
            Recursive = true,
        };

    /// <summary><c>--root</c>.</summary>
    public static Option<string> Root { get; } =
        new("--root")
        {
            Description = "the folder that labs live in, one folder each",
            DefaultValueFactory = _ => LabPlan.DefaultRoot,
            Recursive = true,
        };

    /// <summary>The lab that is meant.</summary>
    public static LabPlan Plan(this ParseResult parsed) => LabPlan.Load(parsed.GetValue(Root)!, parsed.GetValue(Name)!);
}
