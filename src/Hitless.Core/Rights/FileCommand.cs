namespace Hitless.Core.Rights;

/// <summary>What a command of a managed file is for.</summary>
public enum FileCommandKind
{
    /// <summary>Judges a candidate before anything is changed.</summary>
    Check,

    /// <summary>Makes what was written take effect.</summary>
    Apply,

    /// <summary>Looks whether it has.</summary>
    Verify,
}

/// <summary>One command of a managed file, as the configuration lists it.</summary>
/// <param name="Kind">What it is for.</param>
/// <param name="Path">The file that it belongs to, where it lies on this unit.</param>
/// <param name="Command">The command line as it is listed, with <c>{file}</c> in it.</param>
/// <param name="Candidate">The content that a check judges; null: the command is about the file itself.</param>
/// <param name="Mode">The candidate's mode, octal such as 0644; null: for the owner alone.</param>
public sealed record FileCommand(FileCommandKind Kind, string Path, string Command, byte[]? Candidate = null, string? Mode = null);
