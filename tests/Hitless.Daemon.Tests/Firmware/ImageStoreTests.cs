using System.Security.Cryptography;
using Hitless.Core.Firmware;
using Hitless.Firmware.Images;
using Xunit;

namespace Hitless.Daemon.Tests.Firmware;

public sealed class ImageStoreTests : IDisposable
{
    private readonly Workshop workshop = new();
    private readonly ImageStore store;

    public ImageStoreTests() => store = new ImageStore(workshop.State, workshop.Trust);

    public void Dispose() => workshop.Dispose();

    [Fact]
    public async Task An_image_that_arrived_is_listed_found_and_removed()
    {
        var bytes = File.ReadAllBytes(workshop.MakeImage("1.1.0"));
        var hash = HashOf(bytes);
        var put = await PutAsync(bytes, hash);
        Assert.Equal(("1.1.0", hash, "Maker"), (put.Image!.Version, put.Image.Hash, put.Image.SignedBy));
        Assert.Equivalent(put.Image, Assert.Single(store.List()));
        Assert.True(store.TryFind(hash[..6], out var whole, out var path, out _));
        Assert.Equal((hash, true), (whole, File.Exists(path)));
        store.Remove(hash);
        Assert.Empty(store.List());
        Assert.False(store.TryFind(hash[..6], out _, out _, out var problem));
        Assert.Equal(ImageFault.NotFound, problem!.Fault);
    }

    [Theory]
    [InlineData("1.1.0")]
    [InlineData("1.1.0-rc.2")]
    public async Task An_image_is_found_by_a_version_that_it_alone_has(string version)
    {
        var first = (await PutAsync(File.ReadAllBytes(workshop.MakeImage(version)), null)).Image!;
        await PutAsync(File.ReadAllBytes(workshop.MakeImage("1.2.0")), null);
        Assert.True(store.TryFind(version, out var hash, out var path, out _));
        Assert.Equal((first.Hash, true), (hash, File.Exists(path)));
        Assert.False(store.TryFind("1.1", out _, out _, out _));
        await PutAsync(File.ReadAllBytes(workshop.MakeImage(version, "exit 0 # another")), null);
        Assert.False(store.TryFind(version, out _, out _, out var problem));
        Assert.StartsWith("2 images here have the version", problem!.Error, StringComparison.Ordinal);
        Assert.True(store.TryFind(first.Hash[..9], out _, out _, out _));
    }

    [Fact]
    public async Task A_broken_transfer_goes_on_where_it_stopped()
    {
        var bytes = File.ReadAllBytes(workshop.MakeImage("1.1.0"));
        var hash = HashOf(bytes);
        var half = bytes.Length / 2;
        Assert.Equal(ImageFault.Truncated, (await PutAsync(bytes[..half], hash)).Problem!.Fault);
        Assert.Equal(half, store.ReceivedBytes(hash));
        Assert.Empty(store.List());
        Assert.NotNull((await PutAsync(bytes[half..], hash, half)).Image);
        Assert.Equal(bytes.Length, store.ReceivedBytes(hash));
    }

    [Fact]
    public async Task A_sender_cannot_leave_a_hole()
    {
        var bytes = File.ReadAllBytes(workshop.MakeImage("1.1.0"));
        Assert.Equal(ImageFault.NotAllowed, (await PutAsync(bytes[10..], HashOf(bytes), 10)).Problem!.Fault);
    }

    [Fact]
    public async Task What_does_not_verify_never_gets_in()
    {
        var (mallory, _) = workshop.MakeKey("Mallory");
        var bytes = File.ReadAllBytes(workshop.MakeImage("1.1.0", signer: mallory));
        mallory.Dispose();
        Assert.Equal(ImageFault.Stranger, (await PutAsync(bytes, null)).Problem!.Fault);
        Assert.Equal(ImageFault.Stranger, (await PutAsync(bytes, HashOf(bytes))).Problem!.Fault);
        Assert.Equal(
            ImageFault.Tampered,
            (await PutAsync(File.ReadAllBytes(workshop.MakeImage("1.2.0")), new string('0', 64))).Problem!.Fault
        );
        Assert.Equal(ImageFault.NotAllowed, (await PutAsync(bytes, "../../etc/passwd")).Problem!.Fault);
        Assert.Empty(Directory.EnumerateFileSystemEntries(Path.Combine(workshop.State, "images")));
    }

    [Fact]
    public async Task An_image_for_which_the_disk_has_no_room_leaves_nothing()
    {
        using var disk = new SmallDisk("size=1m");
        var put = await new ImageStore(disk.Folder, workshop.Trust).PutAsync(
            new MemoryStream(new byte[2 << 20]),
            new string('0', 64),
            0,
            Workshop.Now,
            TestContext.Current.CancellationToken
        );
        Assert.Equal(ImageFault.DiskFull, put.Problem!.Fault);
        Assert.Contains($"the disk of {disk.PathOf("images")} has ", put.Problem.Error, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(disk.PathOf("images")));
    }

    [Fact]
    public async Task A_beginning_that_fits_two_images_is_refused()
    {
        foreach (var version in new[] { "1.1.0", "1.2.0" })
        {
            Assert.NotNull((await PutAsync(File.ReadAllBytes(workshop.MakeImage(version)), null)).Image);
        }

        Assert.False(store.TryFind("", out _, out _, out _));
        Assert.All(store.List(), image => Assert.True(store.TryFind(image.Hash, out _, out _, out _)));
    }

    private Task<ImagePut> PutAsync(byte[] bytes, string? hash, long offset = 0) =>
        store.PutAsync(new MemoryStream(bytes), hash, offset, Workshop.Now, TestContext.Current.CancellationToken);

    private static string HashOf(byte[] bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));
}
