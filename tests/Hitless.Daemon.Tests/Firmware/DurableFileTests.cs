using Hitless.Firmware.Files;
using Xunit;

namespace Hitless.Daemon.Tests.Firmware;

public sealed class DurableFileTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("hitless-files-").FullName;

    private string File1 => Path.Combine(folder, "file");

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void New_content_replaces_all_of_the_old_and_leaves_no_temporary()
    {
        DurableFile.WriteAllText(File1, "a longer first content", DurableFile.OwnerOnly);
        DurableFile.WriteAllText(File1, "second", DurableFile.OwnerOnly);
        Assert.Equal("second", File.ReadAllText(File1));
        Assert.Equal(DurableFile.OwnerOnly, File.GetUnixFileMode(File1));
        Assert.Equal([File1], Directory.EnumerateFileSystemEntries(folder));
    }

    [Fact]
    public void A_temporary_that_a_power_cut_left_is_replaced()
    {
        File.WriteAllText(File1 + ".new", "half of a much longer content");
        DurableFile.WriteAllText(File1, "whole");
        Assert.Equal("whole", File.ReadAllText(File1));
    }

    [Fact]
    public void A_torn_line_stays_alone_on_its_line()
    {
        DurableFile.AppendLine(File1, "one");
        File.AppendAllText(File1, "torn by a power c");
        DurableFile.AppendLine(File1, "two");
        Assert.Equal(["one", "torn by a power c", "two"], File.ReadAllLines(File1));
    }

    [Fact]
    public void A_write_that_fails_leaves_the_old_content()
    {
        DurableFile.WriteAllText(File1, "old");
        Directory.CreateDirectory(File1 + ".new");
        Assert.ThrowsAny<Exception>(() => DurableFile.WriteAllText(File1, "new"));
        Assert.Equal("old", File.ReadAllText(File1));
    }
}
