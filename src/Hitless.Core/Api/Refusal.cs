namespace Hitless.Core.Api;

/// <summary>
/// Every refusal has one line that says why, and one that says what to do next. <c>Detail</c>: more lines where they help, such as what a
/// check command printed. By HTTP it is a problem document (RFC 9457) with these members beside <c>type</c>, <c>title</c> and
/// <c>status</c>.
/// </summary>
public sealed record Refusal(string Error, string Remedy, string? Detail = null)
{
    /// <summary>The <see cref="ProblemType.Uri"/>; null: <see cref="ProblemTypes.Refused"/>, or an older version's.</summary>
    public string? Type { get; init; }

    /// <summary>The type's title; null outside of HTTP.</summary>
    public string? Title { get; init; }

    /// <summary>The status of HTTP; null outside of it.</summary>
    public int? Status { get; init; }
}
