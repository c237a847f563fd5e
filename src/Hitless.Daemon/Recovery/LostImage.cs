using Hitless.Core.Upgrade;
using Hitless.Daemon.Common;
using Hitless.Daemon.Upgrade;
using Hitless.Firmware.Images;

namespace Hitless.Daemon.Recovery;

/// <summary>An image whose file is gone, cut off or no image any more.</summary>
public sealed class LostImage(KnownImage known, ImageStore images, UnitSteps steps) : ILostPart
{
    /// <inheritdoc/>
    public string Name => $"image {known.Version} ({known.Hash[..8]})";

    /// <inheritdoc/>
    public string Remedy => "upload it again: hitless firmware upload FILE";

    /// <inheritdoc/>
    public bool IsBack => images.Look().Contains((known.Hash, known.Bytes));

    /// <inheritdoc/>
    public async Task<bool> TryFetchAsync(string unit, CancellationToken cancel)
    {
        if (images.Look().Any(each => each.Hash == known.Hash && each.Bytes != known.Bytes))
        {
            images.Remove(known.Hash);
        }

        try
        {
            await steps.TakeAsync(new StepRequest(RunStep.Copy, "", known.Hash, "", unit), cancel);
            return IsBack;
        }
        catch (PeerException e) when (e.Kind == PeerFailureKind.Refused)
        {
            return false;
        }
    }

    /// <inheritdoc/>
    public void GiveUp() => images.Remove(known.Hash);
}
