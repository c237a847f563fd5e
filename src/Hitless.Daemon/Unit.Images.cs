using Hitless.Core.Api;
using Hitless.Daemon.Common;
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

    private static UploadStatus StatusOf(UploadAnswer answer) => answer.Status ?? throw new RefusedException(answer.Refusal!);
}
