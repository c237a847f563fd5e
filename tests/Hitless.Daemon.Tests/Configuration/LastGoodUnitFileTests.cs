using Hitless.Daemon.Configuration;
using Xunit;

namespace Hitless.Daemon.Tests.Configuration;

public sealed class LastGoodUnitFileTests : IDisposable
{
    private const string Good = """
        cluster: { name: edge, key-file: own.key }
        unit: { name: gw1 }
        heartbeat: { links: [{ interface: hb0, address: 10.0.0.1, peers: [10.0.0.2] }] }
        interfaces: [{ name: lan0, virtual-addresses: [10.1.0.1/24] }]

        """;

    private readonly string folder = Directory.CreateTempSubdirectory("hitless-test-").FullName;

    private string UnitPath => Path.Combine(folder, "etc", "unit.yaml");

    private string ClusterPath => Path.Combine(folder, "state", "configuration", "cluster.yaml");

    public LastGoodUnitFileTests()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(UnitPath)!);
        File.WriteAllText(UnitPath, Good);
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Theory]
    [InlineData(null, "is gone")]
    [InlineData("", "is empty")]
    [InlineData(" \n\n", "is empty")]
    [InlineData("cluster: { name: \0\0\0\0", "is damaged")]
    [InlineData("/", "is a folder")]
    public void A_damaged_file_is_named_and_the_last_good_copy_counts(string? content, string what)
    {
        Assert.True(LastGoodUnitFile.TryRead(UnitPath, ClusterPath, out var before, out _, out var damage));
        Assert.Null(damage);
        File.Delete(UnitPath);
        if (content == "/")
        {
            Directory.CreateDirectory(UnitPath);
        }
        else if (content is not null)
        {
            File.WriteAllText(UnitPath, content);
        }

        Assert.True(LastGoodUnitFile.TryRead(UnitPath, ClusterPath, out var settings, out _, out damage));
        Assert.StartsWith($"{UnitPath} {what}", damage, StringComparison.Ordinal);
        Assert.Equal((before.Unit.Name, before.Cluster.KeyFile), (settings.Unit.Name, settings.Cluster.KeyFile));
        var copy = Path.Combine(folder, "state", "configuration", "unit.last.yaml");
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(copy));
    }

    [Fact]
    public void A_file_that_is_cut_off_amid_a_line_is_damage_although_it_may_still_be_read()
    {
        Assert.True(LastGoodUnitFile.TryRead(UnitPath, ClusterPath, out _, out _, out _));
        for (var length = 1; length < Good.Length; length++)
        {
            File.WriteAllText(UnitPath, Good[..length]);
            var starts = LastGoodUnitFile.TryRead(UnitPath, ClusterPath, out var settings, out _, out var damage);
            if (Good[length - 1] != '\n')
            {
                Assert.True(starts && settings!.Interfaces.Count == 1, $"{length}");
                Assert.StartsWith($"{UnitPath} is cut off", damage, StringComparison.Ordinal);
            }
        }
    }

    [Fact]
    public void Random_bytes_are_damage()
    {
        Assert.True(LastGoodUnitFile.TryRead(UnitPath, ClusterPath, out _, out _, out _));
        var bytes = new byte[Good.Length];
        new Random(19).NextBytes(bytes);
        File.WriteAllBytes(UnitPath, bytes);
        Assert.True(LastGoodUnitFile.TryRead(UnitPath, ClusterPath, out _, out _, out var damage));
        Assert.Contains("is damaged", damage, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("unknown: 1\n")]
    [InlineData("interfaces: [{ name: ")]
    public void A_mistake_in_a_text_is_refused_although_there_is_a_copy(string more)
    {
        Assert.True(LastGoodUnitFile.TryRead(UnitPath, ClusterPath, out _, out _, out _));
        File.WriteAllText(UnitPath, Good + more);
        Assert.False(LastGoodUnitFile.TryRead(UnitPath, ClusterPath, out _, out var problems, out _));
        Assert.NotEmpty(problems);
    }

    [Fact]
    public void Without_a_copy_the_start_is_refused()
    {
        File.WriteAllText(UnitPath, "");
        Assert.False(LastGoodUnitFile.TryRead(UnitPath, ClusterPath, out _, out var problems, out _));
        Assert.NotEmpty(problems);
    }
}
