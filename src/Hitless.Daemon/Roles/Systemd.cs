using Hitless.Core.Roles;

namespace Hitless.Daemon.Roles;

/// <summary>Whether systemd runs this machine, and this daemon.</summary>
public static class Systemd
{
    private static readonly string[] UnitFolders =
    [
        "/etc/systemd/system",
        "/run/systemd/system",
        "/usr/local/lib/systemd/system",
        "/usr/lib/systemd/system",
        "/lib/systemd/system",
    ];

    /// <summary>As <c>sd_booted(3)</c>.</summary>
    public static bool RunsMachine => Directory.Exists("/run/systemd/system");

    /// <summary>
    /// The daemon is part of a service of the machine's systemd. One that somebody started by hand, in a lab say, must not touch the
    /// targets of the machine around it.
    /// </summary>
    public static bool RunsDaemon => RunsMachine && IsSystemService(Cgroups());

    /// <summary>The targets that follow the role are there, and this daemon's to start and stop.</summary>
    public static bool HasTargets => RunsDaemon && HasUnit(RoleTasks.PrimaryTarget) && HasUnit(RoleTasks.StandbyTarget);

    /// <summary>Whether a process with this <c>/proc/self/cgroup</c> is in a service, and not one of a user's own.</summary>
    public static bool IsSystemService(string cgroups) =>
        cgroups
            .Split('\n')
            .Any(line =>
                line.Split(':') is [_, "" or "name=systemd", var path]
                && path.Split('/') is var parts
                && parts.Any(part => part.EndsWith(".service", StringComparison.Ordinal))
                && !parts.Any(part => part.StartsWith("user@", StringComparison.Ordinal) || part == "user.slice")
            );

    /// <summary>A unit file of that name is installed, in one of the folders of <c>systemd.unit(5)</c>.</summary>
    public static bool HasUnit(string name) => UnitFolders.Any(folder => File.Exists(Path.Combine(folder, name)));

    private static string Cgroups()
    {
        try
        {
            return File.ReadAllText("/proc/self/cgroup");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }
}
