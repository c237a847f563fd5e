using Hitless.Core.Api;
using Hitless.Core.Rights;
using Hitless.Firmware.Images;

namespace Hitless.Daemon.Configuration;

/// <summary>Runs the converter of an image that is not installed.</summary>
public interface IConverterRun
{
    /// <summary>What it makes of a configuration.</summary>
    /// <param name="image">The image, verified by who asks.</param>
    /// <param name="hash">Its SHA-256, in hexadecimal digits.</param>
    /// <param name="question">The configuration as it stands on this unit.</param>
    /// <param name="revision">The hash of the revision that is in the question; null: none is.</param>
    /// <param name="cancel">Kills the converter.</param>
    Task<ConverterAnswer> AskAsync(ImageFile image, string hash, ConversionQuestion question, string? revision, CancellationToken cancel);
}
