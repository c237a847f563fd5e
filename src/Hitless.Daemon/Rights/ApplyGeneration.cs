using Hitless.Core.Wire;

namespace Hitless.Daemon.Rights;

/// <summary>
/// Which process of hitless-apply a request was meant for, in the upper byte of its id: what one has left unread when it ended is lost, and
/// hitlessd was told so; the next one must not do it then.
/// </summary>
internal static class ApplyGeneration
{
    /// <summary>So many can be told apart.</summary>
    public const int Count = 256;

    private const int Shift = 24;
    private const uint NumberMask = (1u << Shift) - 1;

    /// <summary>The id of a request.</summary>
    public static RequestId IdOf(byte generation, uint number) => new(((uint)generation << Shift) | (number & NumberMask));

    /// <summary>Whom it is meant for.</summary>
    public static byte Of(RequestId request) => (byte)(request.Number >> Shift);
}
