using System.Text;
using System.Text.RegularExpressions;
using Hitless.Lab.Tools;

namespace Hitless.Lab.StateFaults;

/// <summary>A file of a unit, how it is damaged, and how it is put back.</summary>
public sealed partial class DamagedFile
{
    private const int Nobody = 65534;
    private readonly string path;
    private readonly string copy;
    private readonly string safe;

    /// <param name="path">The file as seen from outside the unit.</param>
    public DamagedFile(string path)
    {
        this.path = path;
        safe = Directory.CreateTempSubdirectory("hitless-faults-").FullName;
        copy = Path.Combine(safe, "before");
        Tool.Run("cp", ["-a", "--no-target-directory", path, copy]);
    }

    /// <summary>Does it.</summary>
    public void Do(Damage damage)
    {
        var bytes = File.ReadAllBytes(path);
        switch (damage)
        {
            case Damage.Empty:
                File.WriteAllBytes(path, []);
                break;
            case Damage.CutToOne:
                File.WriteAllBytes(path, bytes[..Math.Min(1, bytes.Length)]);
                break;
            case Damage.Cut:
                File.WriteAllBytes(path, bytes[..(bytes.Length / 2)]);
                break;
            case Damage.CutByOne:
                File.WriteAllBytes(path, bytes[..Math.Max(0, bytes.Length - 1)]);
                break;
            case Damage.Garbage:
                new Random(bytes.Length).NextBytes(bytes);
                File.WriteAllBytes(path, bytes);
                break;
            case Damage.Absurd:
                File.WriteAllText(path, Number().Replace(Encoding.UTF8.GetString(bytes), "9223372036854775807"));
                break;
            case Damage.Missing:
                File.Delete(path);
                break;
            case Damage.Foreign:
                File.SetUnixFileMode(path, UnixFileMode.None);
                Tool.Run("chown", [$"{Nobody}:{Nobody}", path]);
                break;
            case Damage.Folder:
                File.Delete(path);
                Directory.CreateDirectory(path);
                break;
            default:
                break;
        }
    }

    /// <summary>As it was, owner and mode included. Once.</summary>
    public void PutBack()
    {
        Tool.Run("rm", ["-rf", path]);
        Tool.Run("cp", ["-a", "--no-target-directory", copy, path]);
        Directory.Delete(safe, recursive: true);
    }

    [GeneratedRegex(@"\d+")]
    private static partial Regex Number();
}
