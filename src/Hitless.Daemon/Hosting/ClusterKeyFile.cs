using System.Diagnostics.CodeAnalysis;
using Hitless.Core.Api;
using Hitless.Core.Keys;
using Hitless.Daemon.Keys;

namespace Hitless.Daemon.Hosting;

/// <summary>The file that <c>cluster.key-file</c> names.</summary>
public static class ClusterKeyFile
{
    private const UnixFileMode Foreign =
        UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute | UnixFileMode.GroupWrite;

    /// <summary>
    /// Reads the key, or, where the file is damaged, unreadable or gone, the copy of it in the state directory; <paramref name="damage"/>
    /// says so then.
    /// </summary>
    public static bool TryRead(
        string path,
        string stateFolder,
        [NotNullWhen(true)] out ClusterKeys? keys,
        [NotNullWhen(false)] out Refusal? refusal,
        out string? damage
    )
    {
        damage = null;
        if (TryRead(path, out keys, out refusal))
        {
            return true;
        }

        var copy = KeyFile.CopyIn(stateFolder);
        if (!TryRead(copy, out keys, out _))
        {
            return false;
        }

        damage = $"{refusal.Error}: this unit goes on with the key that it had before; put the file back: cp -p {copy} {path}";
        refusal = null;
        return true;
    }

    /// <summary>Reads the key, or the two of a rotation.</summary>
    public static bool TryRead(string path, [NotNullWhen(true)] out ClusterKeys? keys, [NotNullWhen(false)] out Refusal? refusal)
    {
        keys = null;
        refusal = null;
        try
        {
            if (!File.Exists(path))
            {
                refusal = new Refusal(
                    $"{path}: the cluster key is not there",
                    $"make one with \"hitless key generate {path}\" and copy it to every unit"
                );
            }
            else if (!ClusterKeys.TryParse(File.ReadAllText(path), out keys, out var why))
            {
                refusal = why.Split("; ", 2) is [var error, var remedy] ? new Refusal($"{path}: {error}", remedy) : new Refusal(path, why);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            refusal = new Refusal($"{path}: the cluster key cannot be read: {e.Message}", "look at the disk and at the rights of the file");
        }

        return refusal is null && keys is not null;
    }

    /// <summary>
    /// What to say of a file that everybody on the machine may read, or others than its owner may write, because whoever has the key speaks
    /// as a unit of the cluster; null: nothing. It is no reason not to start: a gateway that stands still helps nobody.
    /// </summary>
    public static string? OpenToOthers(string path) =>
        (File.GetUnixFileMode(path) & Foreign) == 0
            ? null
            : $"{path}: the cluster key is open to other users of this machine (mode {Octal(File.GetUnixFileMode(path))}): "
                + $"chmod 600 {path}, and restart hitlessd; if somebody may have read it, make a new one: hitless key rotate";

    private static string Octal(UnixFileMode mode) => Convert.ToString((int)mode, 8).PadLeft(4, '0');
}
