namespace Hitless.Lab.Tools;

/// <summary>What a program left behind: its exit code and both streams.</summary>
public readonly record struct ToolResult(int ExitCode, string Output, string Errors)
{
    /// <summary>True when the exit code was 0.</summary>
    public bool Ok => ExitCode == 0;
}
