using Hitless.Core.Upgrade;
using Hitless.Core.Upgrade.Checks;
using Hitless.Firmware.Images;
using Hitless.Firmware.Slots;

namespace Hitless.Daemon.Upgrade;

/// <summary>Reads what the checks have to know of a run's image.</summary>
public sealed class PreflightImages(ImageStore images, ISlotBackend slots, RunConfiguration configuration)
{
    /// <summary>The image that the run names, or why it cannot be read.</summary>
    public async Task<PreflightImage> ReadAsync(RunHeader header, CancellationToken cancel)
    {
        var running = PreflightReader.RunningHere with { ConfigurationSchema = await configuration.SchemaInUseAsync(cancel) };
        if (
            !images.TryFind(header.Image, out var hash, out var path, out var problem)
            || !ImageFile.TryOpen(path, out var image, out problem)
        )
        {
            return new PreflightImage(problem!.ToRefusal(), null, null, null, slots.Name, null, 0, null, running);
        }

        using (image)
        {
            var forged = image.Verify(images.Trust, DateTimeOffset.UtcNow);
            return new PreflightImage(
                Missing: null,
                image.Manifest,
                image.SignerName,
                forged?.ToRefusal(),
                slots.Name,
                slots.Refuse(image.Manifest)?.ToRefusal(),
                image.Manifest.UnpackedBytes + new FileInfo(path).Length,
                // The converter of an image that is not believed is not run.
                forged is null
                    ? await configuration.PreviewAsync(image, hash, header.AcceptConversion, cancel)
                    : null,
                running
            );
        }
    }
}
