using System.Globalization;
using Hitless.Firmware.Files;

namespace Hitless.Daemon.Common;

/// <summary>Small files of the state directory that hold one value, each read so that a damaged one is no reason not to start.</summary>
public static class StateFile
{
    /// <summary>A file that names more is damaged.</summary>
    public const long EpochMax = Core.Cluster.Epoch.NumberMax;

    /// <summary>The text without the white space around it; null if the file is not there, or cannot be read.</summary>
    public static string? Read(string path, StateDisk disk)
    {
        try
        {
            return File.Exists(path) ? File.ReadAllText(path).Trim() : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            disk.NoteDamage($"{path} cannot be read ({e.Message}): this unit goes on as if it were not there");
            return null;
        }
    }

    /// <summary>
    /// Whether the file ends as it was written, in a line's end: of one that was cut off, a number may be left that is another.
    /// </summary>
    public static bool IsWhole(string path)
    {
        try
        {
            return File.ReadAllBytes(path) is [.., (byte)'\n'];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <summary>The highest epoch that this unit has written down; 0: none.</summary>
    public static long ReadEpoch(string stateFolder, StateDisk disk)
    {
        var path = PathOfEpoch(stateFolder);
        if (Read(path, disk) is not { } text)
        {
            return 0;
        }

        if (long.TryParse(text, CultureInfo.InvariantCulture, out var number) && number is >= 0 and < EpochMax)
        {
            if (!IsWhole(path))
            {
                disk.NoteDamage($"{path} was cut off: what the journals of runs and the other units know of later epochs counts");
            }

            return number;
        }

        disk.NoteDamage($"{path} holds no epoch: this unit takes it from the journals of runs and from the other units");
        return 0;
    }

    /// <summary>Writes the epoch down, now or as soon as that can be.</summary>
    public static void WriteEpoch(string stateFolder, long epoch, StateDisk disk) =>
        disk.Write("epoch", () => DurableFile.WriteOwnText(PathOfEpoch(stateFolder), $"{epoch}\n"));

    private static string PathOfEpoch(string stateFolder) => Path.Combine(stateFolder, "epoch");
}
