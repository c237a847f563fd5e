namespace Hitless.Daemon.Configuration;

/// <summary>Where a managed file may be: a plain absolute path that no symbolic link leads elsewhere.</summary>
public static class ManagedPath
{
    /// <summary>What is said of a path that is not <see cref="IsPlain"/>.</summary>
    public const string NotPlain = "is not an absolute path of letters, digits and _ . @ + : = , - without .. in it";

    /// <summary>Absolute, without <c>..</c> and without anything that a shell would read otherwise.</summary>
    public static bool IsPlain(string path) => UnitKeys.PathPattern().IsMatch(path) && !path.EndsWith('\n');

    /// <summary>
    /// Null if the path may be read and written; else what is wrong with it. A file that does not exist yet is fine, its folder must exist.
    /// </summary>
    public static string? Problem(string path)
    {
        if (!IsPlain(path))
        {
            return NotPlain;
        }

        for (var end = path.IndexOf('/', 1); end >= 0; end = path.IndexOf('/', end + 1))
        {
            var folder = path[..end];
            if (LinkTarget(folder) is { } target)
            {
                return $"leads through the symbolic link {folder} -> {target}; give the real path";
            }

            if (!Directory.Exists(folder))
            {
                return $"is in {folder}, which is not a folder";
            }
        }

        return LinkTarget(path) is { } link ? $"is a symbolic link -> {link}; give the real path"
            : Directory.Exists(path) ? "is a folder"
            : null;
    }

    private static string? LinkTarget(string path) => new FileInfo(path).LinkTarget;
}
