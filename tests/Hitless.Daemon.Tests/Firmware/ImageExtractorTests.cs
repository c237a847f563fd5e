using System.Formats.Tar;
using System.IO.Compression;
using System.Security.Cryptography;
using Hitless.Core.Firmware;
using Hitless.Firmware.Images;
using Hitless.Firmware.Signing;
using Xunit;

namespace Hitless.Daemon.Tests.Firmware;

public sealed class ImageExtractorTests : IDisposable
{
    private static readonly byte[] Daemon = "#!/bin/sh\n"u8.ToArray();

    private readonly Workshop workshop = new();

    public void Dispose() => workshop.Dispose();

    [Fact]
    public void Files_arrive_with_content_and_mode_and_the_manifest_beside_them()
    {
        using var image = Workshop.Open(workshop.MakeImage("1.1.0"));
        Assert.Null(ImageExtractor.Extract(image, workshop.PathOf("slot")));
        Assert.Equal((UnixFileMode)0b111_101_101, File.GetUnixFileMode(workshop.PathOf("slot/hitlessd")));
        Assert.Equal(10_000, new FileInfo(workshop.PathOf("slot/share/notes.txt")).Length);
        Assert.True(ImageManifest.TryRead(File.ReadAllBytes(workshop.PathOf("slot/manifest.json")), out var manifest, out _));
        Assert.Equal("1.1.0", manifest.Version.ToString());
    }

    [Fact]
    public void A_link_in_the_archive_is_refused_and_nothing_is_left() =>
        AssertRefused(ImageFault.UnsafeContent, tar =>
            tar.WriteEntry(new UstarTarEntry(TarEntryType.SymbolicLink, "hitlessd") { LinkName = "/etc/passwd" })
        );

    [Fact]
    public void A_hard_link_in_the_archive_is_refused() =>
        AssertRefused(ImageFault.UnsafeContent, tar =>
            tar.WriteEntry(new UstarTarEntry(TarEntryType.HardLink, "hitlessd") { LinkName = "/etc/shadow" })
        );

    [Fact]
    public void A_path_that_leaves_the_slot_is_refused() =>
        AssertRefused(ImageFault.UnsafeContent, tar => AddFile(tar, "../escaped", Daemon));

    [Fact]
    public void A_file_that_the_manifest_does_not_name_is_refused() =>
        AssertRefused(ImageFault.UnsafeContent, tar => AddFile(tar, "extra", Daemon));

    [Fact]
    public void The_same_file_twice_is_refused() => AssertRefused(ImageFault.UnsafeContent, tar =>
        {
            AddFile(tar, "hitlessd", Daemon);
            AddFile(tar, "hitlessd", Daemon);
        });

    [Fact]
    public void A_file_larger_than_the_manifest_says_is_refused_before_it_is_written() =>
        AssertRefused(ImageFault.Tampered, tar => AddFile(tar, "hitlessd", new byte[50_000_000]));

    [Fact]
    public void A_file_with_other_content_is_refused() =>
        AssertRefused(ImageFault.Tampered, tar => AddFile(tar, "hitlessd", "#!/bin/ls\n"u8.ToArray()));

    [Fact]
    public void A_missing_file_is_refused()
    {
        using var bytes = new MemoryStream();
        using (var zipped = new GZipStream(bytes, CompressionLevel.Fastest))
        {
            zipped.Write(new byte[1024]); // an archive of nothing ends with two empty blocks
        }

        AssertRefused(ImageFault.Tampered, bytes.ToArray());
    }

    [Theory]
    [InlineData(ImagePayload.Gzip)]
    [InlineData(ImagePayload.Brotli)]
    public void A_payload_of_either_compression_is_unpacked(string compression)
    {
        using var image = Workshop.Open(
            ImageAround(Archive(tar => AddFile(tar, "hitlessd", Daemon), compression), compression: compression)
        );
        Assert.Null(ImageExtractor.Extract(image, workshop.PathOf("slot")));
        Assert.Equal(Daemon, File.ReadAllBytes(workshop.PathOf("slot/hitlessd")));
    }

    [Theory]
    [InlineData(ImagePayload.Gzip)]
    [InlineData(ImagePayload.Brotli)]
    public void Random_and_mutated_payloads_never_throw(string compression)
    {
        var random = new Random(8418);
        var valid = Archive(tar => AddFile(tar, "hitlessd", Daemon), compression);
        for (var i = 0; i < 300; i++)
        {
            var payload = valid.ToArray();
            for (var flips = random.Next(1, 5); flips > 0; flips--)
            {
                payload[random.Next(payload.Length)] = (byte)random.Next(256);
            }

            using var image = Workshop.Open(ImageAround(payload, compression: compression));
            ImageExtractor.Extract(image, workshop.PathOf($"fuzz-{i}"));
        }
    }

    [Fact]
    public void A_full_disk_is_named_and_leaves_nothing()
    {
        using var disk = new SmallDisk("size=2m");
        using var image = Workshop.Open(ImageAround(Archive(tar => AddFile(tar, "hitlessd", new byte[3 << 20])), new byte[3 << 20]));
        var problem = ImageExtractor.Extract(image, disk.PathOf("slot"));
        Assert.Equal(ImageFault.DiskFull, problem!.Fault);
        Assert.Contains("4194304 are needed", problem.Error, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(disk.Folder));
    }

    [Fact]
    public void A_disk_that_becomes_full_on_the_way_is_named_and_leaves_nothing()
    {
        // Bytes are free, but no more than two files can be made.
        using var disk = new SmallDisk("size=8m,nr_inodes=3");
        using var image = Workshop.Open(workshop.MakeImage("1.1.0"));
        var problem = ImageExtractor.Extract(image, disk.PathOf("slot"));
        Assert.Equal(ImageFault.DiskFull, problem!.Fault);
        Assert.Contains($"the disk of {disk.Folder} has ", problem.Error, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(disk.Folder));
    }

    private void AssertRefused(ImageFault expected, Action<TarWriter> fill) => AssertRefused(expected, Archive(fill));

    private void AssertRefused(ImageFault expected, byte[] payload)
    {
        using var image = Workshop.Open(ImageAround(payload));
        Assert.Null(image.Verify(workshop.Trust, Workshop.Now));
        Assert.Equal(expected, ImageExtractor.Extract(image, workshop.PathOf("deep/slot"))?.Fault);
        Assert.False(Directory.Exists(workshop.PathOf("deep/slot")));
        Assert.False(File.Exists(workshop.PathOf("deep/escaped")));
    }

    /// <summary>
    /// A rightly signed image whose manifest promises one hitlessd, around any payload: what a signer could do wrong, or on purpose.
    /// </summary>
    private string ImageAround(byte[] payload, byte[]? daemon = null, string compression = ImagePayload.Gzip)
    {
        Directory.CreateDirectory(workshop.PathOf("deep"));
        daemon ??= Daemon;
        var options = Workshop.Options("1.1.0");
        var manifest = new ImageManifest(
            options.Product,
            options.Version,
            options.Platform,
            options.UpgradeFrom,
            options.Wire,
            options.Configuration,
            options.Activation,
            "",
            "hitlessd",
            [new ImageEntry("hitlessd", Convert.ToHexStringLower(SHA256.HashData(daemon)), daemon.Length, "0755")],
            new ImagePayload(Convert.ToHexStringLower(SHA256.HashData(payload)), payload.Length, compression),
            options.BuiltAt
        ).ToJson();
        var path = workshop.PathOf("made.hli");
        File.WriteAllBytes(path, [.. ImageLayout.Header(manifest, ManifestSignature.Sign(manifest, workshop.Signer)), .. payload]);
        return path;
    }

    private static byte[] Archive(Action<TarWriter> fill, string compression = ImagePayload.Gzip)
    {
        using var bytes = new MemoryStream();
        using (
            Stream zipped =
                compression == ImagePayload.Gzip
                    ? new GZipStream(bytes, CompressionLevel.Fastest)
                    : new BrotliStream(bytes, CompressionLevel.Fastest)
        )
        using (var tar = new TarWriter(zipped, TarEntryFormat.Ustar))
        {
            fill(tar);
        }

        return bytes.ToArray();
    }

    private static void AddFile(TarWriter tar, string name, byte[] content) =>
        tar.WriteEntry(new UstarTarEntry(TarEntryType.RegularFile, name) { DataStream = new MemoryStream(content) });
}
