namespace Hitless.Daemon.Configuration;

/// <summary>One thing that is wrong in <c>unit.yaml</c>; line and column count from 1.</summary>
public sealed record UnitFileProblem(string File, long Line, long Column, string Text)
{
    /// <summary><c>unit.yaml:4:3: what is wrong; expected …</c></summary>
    public override string ToString() => $"{File}:{Line}:{Column}: {Text}";
}
