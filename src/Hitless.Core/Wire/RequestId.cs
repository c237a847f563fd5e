namespace Hitless.Core.Wire;

/// <summary>
/// Ties an answer to the effect that it answers: a machine counts its requests, and takes only the answer to its last one. On the wire, in
/// an offer, 32 bits.
/// </summary>
public readonly record struct RequestId(uint Number)
{
    /// <summary>Of no request.</summary>
    public static readonly RequestId None;

    /// <summary>The next one.</summary>
    public static RequestId operator ++(RequestId id) => new(id.Number + 1);
}
