namespace Hitless.Lab.Units;

/// <summary>How to start this program again: as itself when published, by `dotnet` when not.</summary>
public static class LabProgram
{
    /// <summary>The words that start hitless-lab.</summary>
    public static IReadOnlyList<string> Command { get; } = Find();

    private static IReadOnlyList<string> Find()
    {
        var name = Path.Combine(AppContext.BaseDirectory, "hitless-lab");
        if (File.Exists(name))
        {
            return [name];
        }

        // A test program that uses the lab as a library: the program lies beside it only when the build copied it.
        var library = Path.Combine(AppContext.BaseDirectory, "hitless-lab.dll");
        return File.Exists(library) ? ["dotnet", library] : [Environment.ProcessPath ?? "hitless-lab"];
    }
}
