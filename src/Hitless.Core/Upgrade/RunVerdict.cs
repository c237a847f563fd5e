namespace Hitless.Core.Upgrade;

/// <summary>The three ends of a run (contract.md).</summary>
public static class RunVerdict
{
    /// <summary>Every unit that was to be upgraded runs the new version.</summary>
    public const string Completed = "completed";

    /// <summary>Every unit runs what it ran before.</summary>
    public const string RolledBack = "rolled-back";

    /// <summary>An operator ended the run in between, or a unit that is there could not be brought to the version of the others.</summary>
    public const string Failed = "failed";

    /// <summary>Whether a run in this state has ended.</summary>
    public static bool IsVerdict(string state) => state is Completed or RolledBack or Failed;
}
