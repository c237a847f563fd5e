using System.Globalization;
using Hitless.Core.Api;

namespace Hitless.Firmware.Images;

/// <summary>One file of <see cref="ImageUploads"/>. <c>Hash</c> null: unfinished.</summary>
internal sealed record UploadEntry(string Path, string Id, long Size, long Received, DateTimeOffset TouchedAt, string? Hash)
{
    /// <summary>Null: none of ours.</summary>
    public static UploadEntry? Read(FileInfo file) =>
        file.Name.Split('.') is [{ Length: 32 } id, var size, { Length: > 0 } state]
        && long.TryParse(size, CultureInfo.InvariantCulture, out var bytes)
            ? new UploadEntry(
                file.FullName,
                id,
                bytes,
                state == "part" ? file.Length : bytes,
                new DateTimeOffset(file.LastWriteTimeUtc),
                state == "part" ? null : state
            )
            : null;

    public UploadStatus Status(TimeSpan lifetime) => new(Id, Size, Received, TouchedAt + lifetime, Hash);
}
