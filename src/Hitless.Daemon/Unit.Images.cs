using Hitless.Core.Api;
using Hitless.Core.Upgrade;
using Hitless.Daemon.Common;
using Hitless.Daemon.Feeds;
using Hitless.Daemon.Upgrade;
using Hitless.Firmware.Images;

namespace Hitless.Daemon;

/// <content>Images.</content>
public sealed partial class Unit
{
    /// <inheritdoc/>
    public async Task<ImageInfo> UploadImageAsync(Stream source, CancellationToken cancel)
    {
        var put = await images.PutAsync(source, null, 0, DateTimeOffset.UtcNow, cancel);
        return put.Image ?? throw new RefusedException(put.Problem!.Error, put.Problem.Remedy);
    }

    /// <inheritdoc/>
    public Task<UploadStatus> BeginUploadAsync(UploadRequest request, CancellationToken cancel) =>
        Task.FromResult(StatusOf(images.Uploads.Begin(request.SizeBytes)));

    /// <inheritdoc/>
    public Task<UploadStatus> UploadAsync(string id, CancellationToken cancel) => Task.FromResult(StatusOf(images.Uploads.Find(id)));

    /// <inheritdoc/>
    public async Task<UploadStatus> ContinueUploadAsync(string id, long offset, Stream source, CancellationToken cancel) =>
        StatusOf(await images.Uploads.ContinueAsync(id, offset, source, images, cancel));

    /// <inheritdoc/>
    public Task<UploadStatus> RemoveUploadAsync(string id, CancellationToken cancel) =>
        Task.FromResult(StatusOf(images.Uploads.Remove(id)));

    /// <inheritdoc/>
    public Task<IReadOnlyList<ImageInfo>> ImagesAsync(CancellationToken cancel) => Task.FromResult(images.List());

    /// <inheritdoc/>
    public Task<ImageInfo> RemoveImageAsync(string image, CancellationToken cancel)
    {
        if (!images.TryFind(image, out var hash, out _, out var problem))
        {
            throw new RefusedException(problem!.Error, problem.Remedy);
        }

        var info = images.List().First(each => each.Hash == hash);
        if (journals.Last() is [{ Header.Image: { } used }, ..] open && RunJournal.IsOpen(open) && used == hash)
        {
            throw new RefusedException($"run {open[0].Run} brings this image to units", "let it end: hitless upgrade watch");
        }

        if (info.Version == RunningRelease.Version)
        {
            throw new RefusedException(
                $"{Name} runs {info.Version}: a unit that joins, or is replaced, gets it from this image",
                "remove images of other versions; hitless firmware list shows them"
            );
        }

        images.Remove(hash);
        events.Add(EventKinds.Firmware, $"the image of {info.Version} was removed from the store of {Name}");
        return Task.FromResult(info);
    }

    /// <summary>The path of the local API that asks the feed of images.</summary>
    public void MapFeed(IEndpointRouteBuilder routes) => Feed?.Map(routes);

    private FeedService OpenFeed() => new(settings.Upgrade.Feed, images, PreflightReader.RunningHere, events, TimeProvider.System);

    private static UploadStatus StatusOf(UploadAnswer answer) => answer.Status ?? throw new RefusedException(answer.Refusal!);
}
