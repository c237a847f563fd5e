using Hitless.Core.Api;

namespace Hitless.Core.Firmware;

/// <summary>What can be wrong with an image, or with putting it in its place.</summary>
public enum ImageFault
{
    NotFound,
    NotAnImage,
    Truncated,
    TrailingBytes,
    ManifestMalformed,
    Unsigned,
    SignatureMalformed,
    Tampered,
    Stranger,
    Expired,
    Revoked,
    UnsafeContent,
    DiskFull,
    DiskError,
    SlotBusy,
    SlotEmpty,
    NotAllowed,
}

/// <summary>A refusal of an image: which, one line that says what and where, and one that says what to do.</summary>
public sealed record ImageProblem(ImageFault Fault, string Error, string Remedy)
{
    private const string GetItAgain =
        "copy the image again from where it was released; `hitless firmware verify` shows whether the copy is whole";

    public Refusal ToRefusal() => new(Error, Remedy);

    /// <inheritdoc/>
    public override string ToString() => $"{Error}; {Remedy}";

    internal static ImageProblem NotAnImage { get; } =
        new(
            ImageFault.NotAnImage,
            "this file is not a Hitless image: it does not begin with HITLESS1",
            "give the .hli file that `hitless firmware build` made"
        );

    internal static ImageProblem Malformed(string place, string why) =>
        new(
            ImageFault.ManifestMalformed,
            $"the image's manifest is malformed at {place}: {why}",
            "build the image again with `hitless firmware build`"
        );

    internal static ImageProblem Truncated(long at, long expected) =>
        new(ImageFault.Truncated, $"the image is truncated at byte {at}: {expected} bytes were expected", GetItAgain);

    internal static ImageProblem TrailingBytes(long at) =>
        new(ImageFault.TrailingBytes, $"the image goes on after its end at byte {at}", GetItAgain);
}
