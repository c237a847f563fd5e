using Hitless.Core.Api;
using Hitless.Firmware.Images;
using Xunit;

namespace Hitless.Daemon.Tests.Firmware;

/// <summary>Images that come in parts.</summary>
public sealed class ImageUploadsTests : IDisposable
{
    private readonly UploadBench bench = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => bench.Dispose();

    [Fact]
    public async Task An_image_goes_on_where_it_was_cut_also_after_a_restart()
    {
        var image = bench.Image;
        var id = bench.Uploads.Begin(image.Length).Status!.Id;
        await Assert.ThrowsAsync<IOException>(() => bench.ContinueAsync(id, 0, new CutStream(image[..1000])));
        Assert.Equal(1000, bench.Uploads.Find(id).Status!.ReceivedBytes);
        var restarted = new ImageUploads(bench.State, TimeProvider.System);
        Assert.Equal((1000, null), (restarted.Find(id).Status!.ReceivedBytes, restarted.Find(id).Status!.Image));

        Assert.Equal(1500, (await bench.ContinueAsync(id, 1000, new MemoryStream(image[1000..1500]))).Status!.ReceivedBytes);
        var done = await restarted.ContinueAsync(id, 1500, new MemoryStream(image[1500..]), bench.Store, Cancel);
        Assert.Equal(Assert.Single(bench.Store.List()).Hash, done.Status!.Image);

        // Whose last answer was lost asks, or sends once more.
        Assert.Equal(done, bench.Uploads.Find(id));
        Assert.Equal(done, await bench.ContinueAsync(id, 1500, new MemoryStream(image[1500..])));
    }

    [Fact]
    public async Task A_whole_one_that_was_not_verified_before_a_restart_is_by_an_empty_part()
    {
        var id = bench.Uploads.Begin(bench.Image.Length).Status!.Id;
        await File.WriteAllBytesAsync(Directory.GetFiles(bench.Folder).Single(), bench.Image, Cancel);
        Assert.Null(bench.Uploads.Find(id).Status!.Image);
        Assert.NotNull((await bench.ContinueAsync(id, bench.Image.Length, Stream.Null)).Status!.Image);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(999)]
    [InlineData(1001)]
    [InlineData(-1)]
    public async Task A_part_that_does_not_follow_is_refused_and_changes_nothing(long offset)
    {
        var id = bench.Uploads.Begin(bench.Image.Length).Status!.Id;
        await bench.ContinueAsync(id, 0, new MemoryStream(bench.Image[..1000]));
        var refused = (await bench.ContinueAsync(id, offset, new MemoryStream(bench.Image))).Refusal!;
        Assert.Equal((ProblemTypes.WrongOffset.Uri, "send from byte 1000 on"), (refused.Type, refused.Remedy));
        Assert.Equal(1000, bench.Uploads.Find(id).Status!.ReceivedBytes);
    }

    [Fact]
    public async Task More_than_was_told_is_refused_and_not_kept()
    {
        var id = bench.Uploads.Begin(100).Status!.Id;
        Assert.NotNull((await bench.ContinueAsync(id, 0, new MemoryStream(new byte[101]))).Refusal);
        Assert.Equal(0, bench.Uploads.Find(id).Status!.ReceivedBytes);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-5)]
    [InlineData(ImageUploads.SizeMax + 1)]
    public void A_size_that_no_image_has_is_refused(long size)
    {
        Assert.Equal(ProblemTypes.NotUnderstood.Uri, bench.Uploads.Begin(size).Refusal?.Type);
        Assert.False(Directory.Exists(bench.Folder));
    }

    [Fact]
    public async Task What_is_no_image_is_refused_and_removed()
    {
        var id = bench.Uploads.Begin(2000).Status!.Id;
        Assert.NotNull((await bench.ContinueAsync(id, 0, new MemoryStream(new byte[2000]))).Refusal);
        Assert.Equal(ProblemTypes.NoSuchUpload.Uri, bench.Uploads.Find(id).Refusal?.Type);
        Assert.Empty(Directory.GetFiles(bench.Folder));
        Assert.Empty(bench.Store.List());
    }

    [Fact]
    public async Task Who_comes_again_ends_the_connection_that_was_given_up()
    {
        var id = bench.Uploads.Begin(bench.Image.Length).Status!.Id;
        var silent = new CutStream(bench.Image[..1000], silent: true);
        var former = bench.ContinueAsync(id, 0, silent);
        await silent.WasRead.Task.WaitAsync(Cancel);
        var answer = await bench.ContinueAsync(id, 1000, new MemoryStream(bench.Image[1000..]));
        Assert.NotNull(answer.Status!.Image);
        Assert.Equal("another connection goes on with this upload", (await former).Refusal?.Error);
    }

    [Fact]
    public void Too_many_are_refused_until_one_has_been_silent_for_long()
    {
        var ids = Enumerable.Range(0, ImageUploads.CountMax).Select(_ => bench.Uploads.Begin(100).Status!.Id).ToList();
        Assert.Equal(ProblemTypes.TooManyUploads.Uri, bench.Uploads.Begin(100).Refusal?.Type);
        var later = new ImageUploads(bench.State, new LateClock(TimeSpan.FromMinutes(11)));
        Assert.NotNull(later.Begin(100).Status);
        Assert.Single(ids, id => later.Find(id).Refusal is not null);

        bench.Uploads.Remove(ids.First(id => bench.Uploads.Find(id).Status is not null));
        Assert.NotNull(bench.Uploads.Begin(100).Status);
    }

    [Fact]
    public void What_is_not_gone_on_with_is_removed_after_a_day()
    {
        var id = bench.Uploads.Begin(100).Status!.Id;
        Assert.NotNull(new ImageUploads(bench.State, new LateClock(TimeSpan.FromHours(23))).Find(id).Status);
        Assert.NotNull(new ImageUploads(bench.State, new LateClock(TimeSpan.FromHours(25))).Find(id).Refusal);
        Assert.Empty(Directory.GetFiles(bench.Folder));
    }

    [Fact]
    public void More_than_the_disk_has_room_for_is_refused_before_a_byte_is_sent()
    {
        using var disk = new SmallDisk("size=2m");
        var refused = new ImageUploads(disk.Folder, TimeProvider.System).Begin(2 << 20).Refusal!;
        Assert.Contains("bytes free", refused.Error, StringComparison.Ordinal);
    }

    /// <summary>Gives some bytes and breaks, or says nothing any more.</summary>
    private sealed class CutStream(byte[] bytes, bool silent = false) : MemoryStream(bytes)
    {
        public TaskCompletionSource WasRead { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (await base.ReadAsync(buffer, cancellationToken) is > 0 and var length)
            {
                return length;
            }

            WasRead.TrySetResult();
            await (silent ? Task.Delay(Timeout.Infinite, cancellationToken) : Task.CompletedTask);
            throw new IOException("the connection broke");
        }
    }

    private sealed class LateClock(TimeSpan late) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => System.GetUtcNow() + late;
    }
}
