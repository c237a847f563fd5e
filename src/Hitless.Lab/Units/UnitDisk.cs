using Hitless.Lab.Tools;

namespace Hitless.Lab.Units;

/// <summary>
/// The disk of a unit as a file system of its own (tmpfs), so that it can be full without the machine's being so:
/// <see cref="Network.LabPlan.DiskMegabytes"/>.
/// </summary>
public static class UnitDisk
{
    private const string Ballast = "ballast";

    /// <summary>Puts the disk where the unit's state will lie; nothing, if the plan asks for none.</summary>
    public static void Mount(LabUnit unit)
    {
        if (unit.Plan.DiskMegabytes is { } megabytes)
        {
            Tool.Run("mount", ["-t", "tmpfs", "-o", $"size={megabytes}m", "hitless-lab", unit.State]);
        }
    }

    /// <summary>Takes every disk away that is mounted under a lab's folder. Their units run no more.</summary>
    public static void UnmountAll(string folder)
    {
        // proc_pid_mountinfo(5): the fifth word is where it is mounted.
        foreach (
            var place in File.ReadLines("/proc/self/mountinfo")
                .Select(line => line.Split(' ')[4])
                .Where(place => place.StartsWith(folder + "/", StringComparison.Ordinal))
                .ToArray()
        )
        {
            Tool.Run("umount", [place]);
        }
    }

    /// <summary>Takes every byte that is free, or gives them back.</summary>
    public static void Fill(LabUnit unit, bool full)
    {
        if (unit.Plan.DiskMegabytes is null)
        {
            throw new LabException(
                $"the disk of {unit.Name} is this machine's own, which is not filled",
                "give the units small ones: hitless lab up --disk 700"
            );
        }

        UnitPower.Note(unit, full ? "disk full" : "disk free");
        var file = Path.Combine(unit.State, Ballast);
        if (full)
        {
            // What is freed meanwhile is taken too: fallocate says no when nothing is left.
            using var ballast = File.Create(file);
            for (
                var free = Free(unit);
                free > 0 && Tool.Try("fallocate", ["-o", $"{new FileInfo(file).Length}", "-l", $"{free}", file]).Ok;
                free = Free(unit)
            ) { }
        }
        else
        {
            File.Delete(file);
        }
    }

    private static long Free(LabUnit unit) => new DriveInfo(unit.State).AvailableFreeSpace;
}
