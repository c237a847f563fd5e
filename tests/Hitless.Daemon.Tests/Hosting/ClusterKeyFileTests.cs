using Hitless.Core.Keys;
using Hitless.Core.Wire;
using Hitless.Daemon.Common;
using Hitless.Daemon.Hosting;
using Hitless.Daemon.Keys;
using Xunit;

namespace Hitless.Daemon.Tests.Hosting;

/// <summary>Whoever has the cluster's key speaks as one of its units: the file that holds it is closed to others.</summary>
public sealed class ClusterKeyFileTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("hitless-key").FullName;

    private string Key => Path.Combine(folder, "cluster.key");

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Theory]
    [InlineData("600", true)]
    [InlineData("400", true)]
    [InlineData("640", true)]
    [InlineData("644", false)]
    [InlineData("604", false)]
    [InlineData("660", false)]
    [InlineData("602", false)]
    public void A_key_that_others_may_read_or_write_is_taken_and_named_with_what_to_do(string mode, bool silent)
    {
        File.WriteAllText(Key, new ClusterKey([.. Enumerable.Range(1, ClusterKey.Size).Select(i => (byte)i)]).ToFileText());
        File.SetUnixFileMode(Key, (UnixFileMode)Convert.ToInt32(mode, 8));

        Assert.True(ClusterKeyFile.TryRead(Key, out _, out _));
        var said = ClusterKeyFile.OpenToOthers(Key);
        Assert.Equal(silent, said is null);
        Assert.True(
            silent
                || (
                    said!.Contains($"mode 0{mode}", StringComparison.Ordinal) && said.Contains($"chmod 600 {Key}", StringComparison.Ordinal)
                )
        );
    }

    [Theory]
    [InlineData("")]
    [InlineData("hitless-key-1:AQID")]
    [InlineData(null)]
    public void A_key_file_that_is_damaged_or_gone_is_replaced_by_its_copy_and_that_is_said(string? content)
    {
        var keys = new ClusterKeys(new ClusterKey([.. Enumerable.Range(1, ClusterKey.Size).Select(i => (byte)i)]));
        Assert.False(ClusterKeyFile.TryRead(Key + ".file", folder, out _, out var refusal, out _));
        Assert.Contains("is not there", refusal.Error, StringComparison.Ordinal);

        using var events = new EventLog(folder, "gw1");
        new KeyFile(Key + ".file", folder, new StateDisk(folder, events)).Write(keys);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Key));
        File.Delete(Key + ".file");
        if (content is not null)
        {
            File.WriteAllText(Key + ".file", content);
        }

        Assert.True(ClusterKeyFile.TryRead(Key + ".file", folder, out var read, out _, out var damage));
        Assert.Equal(keys.Sending.Id, read.Sending.Id);
        Assert.Contains($"cp -p {Key} {Key}.file", damage, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "not a cluster key")]
    [InlineData("hitless-key-1:abc", "damaged cluster key")]
    public void A_damaged_key_is_named(string text, string expected)
    {
        File.WriteAllText(Key, text);
        File.SetUnixFileMode(Key, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        Assert.False(ClusterKeyFile.TryRead(Key, out _, out var refusal));
        Assert.StartsWith($"{Key}: {expected}", refusal.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_key_that_is_not_there_is_named()
    {
        Assert.False(ClusterKeyFile.TryRead(Key, out _, out var refusal));
        Assert.Contains("hitless key generate", refusal.Remedy, StringComparison.Ordinal);
    }
}
