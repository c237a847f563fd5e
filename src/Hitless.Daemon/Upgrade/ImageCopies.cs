using System.IO.Pipelines;
using Hitless.Daemon.Common;
using Hitless.Daemon.Peers;
using Hitless.Firmware.Images;

namespace Hitless.Daemon.Upgrade;

/// <summary>Fetches an image from another unit, and goes on where a former attempt broke off.</summary>
public sealed class ImageCopies(ImageStore images, PeerClient peers)
{
    private static readonly TimeSpan DownloadSilence = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan CopyPause = TimeSpan.FromSeconds(1);
    private const int CopyAttempts = 5;

    /// <summary>Has the image that the step names here whole; what was done, in words.</summary>
    public async Task<string> FetchAsync(StepRequest request, CancellationToken cancel)
    {
        if (images.TryFind(request.Image, out var hash, out _, out _))
        {
            if (await Task.Run(() => images.IsWhole(hash), cancel))
            {
                return "the image is here already";
            }

            // A damaged one under its name would never be fetched again.
            images.Remove(hash);
        }

        for (var attempt = 1; ; attempt++)
        {
            // Where a former attempt broke off, this one goes on.
            var offset = images.ReceivedBytes(request.Image);
            try
            {
                return await DownloadAsync(request, offset, cancel);
            }
            catch (PeerException e) when (e.Kind == PeerFailureKind.Unreachable && attempt < CopyAttempts)
            {
                await Task.Delay(CopyPause, cancel);
            }
        }
    }

    private async Task<string> DownloadAsync(StepRequest request, long offset, CancellationToken cancel)
    {
        var pipe = new Pipe();
        using var halt = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var download = Task.Run(
            async () =>
            {
                Exception? failure = null;
                try
                {
                    await using var sink = pipe.Writer.AsStream(leaveOpen: true);
                    await peers.DownloadAsync(
                        request.From,
                        UpgradeCalls.ImageContent,
                        request.Image,
                        offset,
                        sink,
                        progress: null,
                        DownloadSilence,
                        halt.Token
                    );
                }
                catch (Exception e)
                {
                    failure = e;
                }

                await pipe.Writer.CompleteAsync(failure);
            },
            cancel
        );
        ImagePut put;
        await using (var source = pipe.Reader.AsStream())
        {
            put = await images.PutAsync(source, request.Image, offset, DateTimeOffset.UtcNow, cancel);
        }

        // What nobody takes any more (a full disk) would wait in the pipe for ever.
        await halt.CancelAsync();
        await download;
        if (put.Problem is { } problem)
        {
            throw new RefusedException(problem.ToRefusal());
        }

        return $"copied {(put.Image!.SizeBytes - offset) >> 10} KB from "
            + $"{request.From}{(offset > 0 ? $", {offset >> 10} KB were here" : "")}";
    }
}
