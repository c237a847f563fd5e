using Hitless.Lab.Network;
using Hitless.Lab.Tools;

namespace Hitless.Lab.Units;

/// <summary>A whole lab: put it up, take it down, look at it.</summary>
public static class LabSite
{
    /// <summary>
    /// Takes away what stands of the same name, makes everything new, installs the image on each unit, and boots the units.
    /// <paramref name="say"/>: is told what takes its time.
    /// </summary>
    public static void Up(LabPlan plan, Action<string>? say = null)
    {
        RequireRoot();
        Down(Path.GetDirectoryName(plan.Folder)!, plan.Name);
        if (!plan.StaticRouter && (plan.Image is null || plan.Trust is null))
        {
            throw new LabException(
                "a lab needs an image and the certificate it is signed with",
                "give --image FILE and --trust CERT, or --static-router"
            );
        }

        plan.Save();
        Platform.Of(plan).Up(plan, say ?? (_ => { }));
    }

    /// <summary>
    /// Ends every process of a lab and removes its namespaces and its folder. Works on the remains of a crashed lab too, and on nothing.
    /// </summary>
    public static void Down(string root, string name)
    {
        RequireRoot();
        Topology.Remove(LabPlan.RequireName(name));
        var folder = Path.Combine(root, name);
        if (File.Exists(Path.Combine(folder, "lab.json")))
        {
            UnitDisk.UnmountAll(folder);
            Directory.Delete(folder, recursive: true);
        }

        if (!Namespaces.AnyLab())
        {
            RemoveMountPoints();
        }
    }

    /// <summary>
    /// Copies logs, settings and journals (no slots, no images) to a folder, so that a failed run can be read after `down`.
    /// </summary>
    public static void KeepLogs(LabPlan plan, string target)
    {
        Platform.Of(plan).KeepLogs(plan, target);

        foreach (var file in Directory.EnumerateFiles(plan.Folder, "*", SearchOption.AllDirectories))
        {
            var relative = Path.GetRelativePath(plan.Folder, file);
            var parts = relative.Split('/');
            if (
                parts.Contains("slots")
                || Array.Exists(parts, part => part.StartsWith("over.", StringComparison.Ordinal))
                || parts.Contains("images")
                || relative.EndsWith("disk.img", StringComparison.Ordinal)
                || relative.EndsWith(".sock", StringComparison.Ordinal)
                || relative.EndsWith(".key", StringComparison.Ordinal)
            )
            {
                continue;
            }

            var copy = Path.Combine(target, relative);
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            CopyIfThere(file, copy);
        }
    }

    /// <summary>The units of a lab.</summary>
    public static IEnumerable<LabUnit> UnitsOf(LabPlan plan) => plan.Units.Select(name => new LabUnit(plan, name));

    private static void CopyIfThere(string file, string copy)
    {
        try
        {
            File.Copy(file, copy, overwrite: true);
        }
        catch (IOException)
        {
            // The units still run: a lock is held, or a temporary file was renamed meanwhile.
        }
    }

    private static void RemoveMountPoints()
    {
        foreach (var (inside, _) in LabUnit.Places)
        {
            if (Directory.Exists(inside) && !Directory.EnumerateFileSystemEntries(inside).Any())
            {
                Directory.Delete(inside);
            }
        }
    }

    private static void RequireRoot()
    {
        if (!Environment.IsPrivilegedProcess)
        {
            throw new LabException("the lab makes network namespaces and needs root for that", "run it with sudo");
        }
    }
}
