namespace Hitless.Lab.Tools;

/// <summary>The world failed the lab: one line that says what, and one that says what to do about it.</summary>
public sealed class LabException(string what, string remedy) : Exception(what)
{
    /// <summary>What the reader can do about it.</summary>
    public string Remedy { get; } = remedy;
}
