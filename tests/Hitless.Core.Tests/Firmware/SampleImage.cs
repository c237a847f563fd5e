using System.Text;
using Hitless.Core.Firmware;

namespace Hitless.Core.Tests.Firmware;

/// <summary>A small image that is in order, with a payload of 100 bytes that nobody unpacks.</summary>
internal static class SampleImage
{
    public const int PayloadBytes = 100;

    public static ImageManifest Manifest { get; } =
        new(
            "hitless",
            VersionTests.Version("1.1.0"),
            "linux-x64",
            [Range(">=1.0.0 <2.0.0")],
            VersionTests.Range("1.0", "1.1"),
            new SchemaRange(1, 1),
            Activation.Restart,
            "first",
            "hitlessd",
            [
                new ImageEntry("hitlessd", new string('a', 64), 10, "0755"),
                new ImageEntry("share/notes.txt", new string('b', 64), 0, "0644"),
            ],
            new ImagePayload(new string('c', 64), PayloadBytes),
            DateTimeOffset.UnixEpoch
        );

    /// <summary>What the image may follow.</summary>
    public static RunningFirmware Running { get; } = new(VersionTests.Version("1.0.0"), "linux-x64", VersionTests.Range("1.0", "1.0"), 1);

    public static byte[] Bytes() => With(Manifest.ToJson());

    /// <summary>An image around any manifest bytes.</summary>
    public static byte[] With(byte[] manifest) =>
        [.. ImageLayout.Header(manifest, Encoding.ASCII.GetBytes("no signature, but bytes")), .. new byte[PayloadBytes]];

    public static VersionRange Range(string text) => VersionRange.TryParse(text, out var range) ? range : throw new ArgumentException(text);
}
