namespace Hitless.Daemon.Configuration.Yaml;

/// <summary>Line and column, both counted from 1.</summary>
public readonly record struct Place(long Line, long Column)
{
    /// <summary>The first character of a file.</summary>
    public static Place Start => new(1, 1);
}
