namespace Hitless.Core.Rights;

/// <summary>What <c>hitless-apply</c> answers.</summary>
public abstract record ApplyAnswer
{
    private ApplyAnswer() { }

    /// <summary>It has started: whatever was asked before is lost. Sent once, unasked, with the request id 0.</summary>
    public sealed record Ready : ApplyAnswer;

    /// <summary>Done.</summary>
    public sealed record Done : ApplyAnswer;

    /// <summary>Not done, and why: a line. <c>Listed</c> false: the configuration of the unit does not list it.</summary>
    public sealed record Refused(string Why, bool Listed) : ApplyAnswer;

    /// <summary>What stands at a path. <c>Content</c> null: no file. <c>Mode</c> octal, <c>Owner</c> user:group.</summary>
    public sealed record File(byte[]? Content, string? Mode, string? Owner) : ApplyAnswer;

    /// <summary>A process runs for the request: its number.</summary>
    public sealed record Started(int Process) : ApplyAnswer;

    /// <summary>A command has ended. <c>Why</c> null: with 0. <c>Output</c>: what it printed, bounded.</summary>
    public sealed record Ended(string? Why, string Output) : ApplyAnswer;

    /// <summary>What a converter has said, or why it was not asked.</summary>
    public sealed record Converted(ConverterAnswer Said) : ApplyAnswer;
}
