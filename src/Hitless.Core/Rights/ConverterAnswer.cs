namespace Hitless.Core.Rights;

/// <summary>
/// What a converter printed, at most <see cref="OutputMaxChars"/> each. <c>Code</c>: its exit code, <see cref="Late"/> or
/// <see cref="Talkative"/>. <c>Failure</c>: why it was not asked; null: it was.
/// </summary>
public sealed record ConverterAnswer(int Code, string Output, string Errors, string? Failure = null)
{
    /// <summary>It did not end in time, and was killed.</summary>
    public const int Late = -1;

    /// <summary>It printed more than it may, and was killed.</summary>
    public const int Talkative = -2;

    /// <summary>What it may print, to each of its streams.</summary>
    public const int OutputMaxChars = 4 << 20;

    /// <summary>What to do where it was not asked.</summary>
    public string? Remedy { get; init; }

    /// <summary>It was not asked.</summary>
    public static ConverterAnswer NotAsked(string why, string? remedy) => new(0, "", "", why) { Remedy = remedy };
}
