using System.Diagnostics;
using Xunit;

namespace Hitless.Daemon.Tests.Firmware;

/// <summary>A file system in memory that is soon full. Skips the test loudly where none may be mounted.</summary>
internal sealed class SmallDisk : IDisposable
{
    public SmallDisk(string options)
    {
        Assert.SkipUnless(Environment.UserName == "root", "needs root: a small tmpfs is mounted");
        Folder = Directory.CreateTempSubdirectory("hitless-disk-").FullName;
        Run("mount", "-t", "tmpfs", "-o", options, "hitless-test", Folder);
    }

    public string Folder { get; }

    public string PathOf(string name) => Path.Combine(Folder, name);

    /// <summary>Mounts it anew with these options; nothing if there are none.</summary>
    public void Remount(string options)
    {
        if (options.Length > 0)
        {
            Run("mount", "-o", $"remount,{options}", Folder);
        }
    }

    public void Dispose()
    {
        Run("umount", Folder);
        Directory.Delete(Folder);
    }

    private static void Run(string program, params string[] arguments)
    {
        using var process = Process.Start(program, arguments);
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
    }
}
