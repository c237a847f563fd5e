namespace Hitless.Cli;

/// <summary>What scripts may rely on (contract.md, "The CLI").</summary>
internal static class ExitCode
{
    public const int Done = 0;
    public const int Refused = 1;
    public const int Usage = 2;
    public const int Unreachable = 3;
    public const int RolledBack = 4;
}
