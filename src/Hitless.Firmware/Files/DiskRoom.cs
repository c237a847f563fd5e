using Hitless.Core.Firmware;

namespace Hitless.Firmware.Files;

/// <summary>Is there room on a disk, and the one refusal when there is not: which folder, bytes free, bytes needed.</summary>
public static class DiskRoom
{
    /// <summary>Bytes that have to stay free beside an image: for the journal and <c>boot.json</c>.</summary>
    public const long Reserve = 1 << 20;

    /// <summary>The bytes that may still be written where the folder lies.</summary>
    public static long FreeBytes(string folder) => new DriveInfo(Path.GetFullPath(folder)).AvailableFreeSpace;

    /// <summary>
    /// The disk, or the writer's share of it, is full: ENOSPC and EDQUOT (errno-base.h, errno.h), which .NET puts into HResult.
    /// </summary>
    public static bool IsUsedUp(Exception failure) => failure is IOException { HResult: 28 or 122 };

    /// <summary>Says what is missing, as it stands now: before what could not be finished is removed again.</summary>
    public static ImageProblem Refuse(string folder, string bytesNeeded) =>
        new(
            ImageFault.DiskFull,
            $"the disk of {folder} has {FreeBytes(folder)} bytes free, {bytesNeeded} are needed",
            $"make room on that disk (df {folder}; df -i {folder}): images that are not used any more lie in images/ of the state directory"
        );
}
