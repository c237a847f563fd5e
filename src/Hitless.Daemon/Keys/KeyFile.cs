using Hitless.Core.Keys;
using Hitless.Daemon.Common;
using Hitless.Firmware.Files;

namespace Hitless.Daemon.Keys;

/// <summary>
/// The file that <c>cluster.key-file</c> names, and a copy of it in the state directory: a gateway must not depend on one file.
/// </summary>
/// <param name="path">The file.</param>
/// <param name="stateFolder">The state directory.</param>
/// <param name="disk">Writes the copy as soon as that can be.</param>
public sealed class KeyFile(string path, string stateFolder, StateDisk disk)
{
    /// <summary>Where the copy lies.</summary>
    public static string CopyIn(string stateFolder) => Path.Combine(stateFolder, "cluster.key");

    /// <summary>Writes both, for the owner alone, or as the file is.</summary>
    /// <exception cref="IOException">The file cannot be written: both are as they were.</exception>
    /// <exception cref="UnauthorizedAccessException">Likewise.</exception>
    public void Write(ClusterKeys keys)
    {
        DurableFile.WriteAllText(path, keys.ToFileText(), File.Exists(path) ? File.GetUnixFileMode(path) : DurableFile.OwnerOnly);
        Kept(keys);
    }

    /// <summary>The same keys; the copy is written, if it is another one.</summary>
    public ClusterKeys Kept(ClusterKeys keys)
    {
        disk.Write("the copy of the cluster key", () =>
        {
            var copy = CopyIn(stateFolder);
            if (!File.Exists(copy) || File.ReadAllText(copy) != keys.ToFileText())
            {
                DurableFile.WriteOwnText(copy, keys.ToFileText(), DurableFile.OwnerOnly);
            }
        });
        return keys;
    }
}
