using Hitless.Core.Configuration;
using Hitless.Daemon.Configuration;
using Xunit;

namespace Hitless.Daemon.Tests.Configuration;

public sealed class LastGoodClusterFileTests : IDisposable
{
    private const string Unit = """
        cluster: { name: edge }
        unit: { name: gw1 }
        heartbeat: { links: [{ interface: hb0, address: 10.0.0.1, peers: [10.0.0.2] }] }
        interfaces: [{ name: lan0, virtual-addresses: [10.1.0.1/24] }]
        """;

    private readonly string folder = Directory.CreateTempSubdirectory("hitless-test-").FullName;

    public LastGoodClusterFileTests() => File.WriteAllText(UnitFilePath, Unit);

    private string UnitFilePath => Path.Combine(folder, "unit.yaml");

    private string ClusterPath => Path.Combine(folder, "cluster.yaml");

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Theory]
    [InlineData("")]
    [InlineData("interfaces: [\0\0\0")]
    [InlineData("interfaces: [{ name: wan0, virtual-ad")]
    public void A_damaged_file_is_named_and_the_last_good_copy_counts(string damaged)
    {
        File.WriteAllText(ClusterPath, "interfaces: [{ name: wan0, virtual-addresses: [10.2.0.1/24] }]\n");
        Assert.True(LastGoodClusterFile.TryRead(UnitFilePath, ClusterPath, out var settings, out _, out var damage));
        Assert.Null(damage);
        File.WriteAllText(ClusterPath, damaged);
        Assert.True(LastGoodClusterFile.TryRead(UnitFilePath, ClusterPath, out settings, out _, out damage));
        Assert.Equal("wan0", Assert.Single(settings.Interfaces).Name);
        Assert.Contains("last good copy", damage, StringComparison.Ordinal);
    }

    [Fact]
    public void Without_a_copy_and_where_unit_yaml_is_wrong_the_start_is_refused()
    {
        File.WriteAllText(ClusterPath, "interfaces: [\n");
        Assert.False(LastGoodClusterFile.TryRead(UnitFilePath, ClusterPath, out _, out var problems, out _));
        Assert.Contains("cluster.yaml", problems[0].ToString(), StringComparison.Ordinal);
        File.WriteAllText(ClusterPath, "interfaces: [{ name: wan0 }]\n");
        Assert.True(LastGoodClusterFile.TryRead(UnitFilePath, ClusterPath, out _, out _, out _));
        File.WriteAllText(UnitFilePath, Unit + "\nunknown: 1\n");
        Assert.False(LastGoodClusterFile.TryRead(UnitFilePath, ClusterPath, out _, out _, out _));
    }

    [Fact]
    public void A_file_that_is_gone_although_the_current_revision_has_it_is_taken_from_the_copy()
    {
        var content = "interfaces: [{ name: wan0 }]\n"u8.ToArray();
        File.WriteAllBytes(ClusterPath, content);
        Assert.True(LastGoodClusterFile.TryRead(UnitFilePath, ClusterPath, out _, out _, out _));
        var revisions = new RevisionStore(folder);
        var revision = RevisionIdentity.Next(
            null,
            1,
            [new(ClusterFile.Path, content, null, null, null)],
            "anna",
            "",
            DateTimeOffset.UnixEpoch
        );
        revisions.Add(revision);
        revisions.SetHead(revision.Info, []);
        File.Delete(ClusterPath);
        for (var start = 0; start < 2; start++)
        {
            Assert.True(LastGoodClusterFile.TryRead(UnitFilePath, ClusterPath, out var settings, out _, out var damage));
            Assert.Contains("it is gone", damage, StringComparison.Ordinal);
            Assert.Equal("wan0", Assert.Single(settings.Interfaces).Name);
        }
    }

    [Fact]
    public void Where_there_is_no_such_file_any_more_no_copy_counts()
    {
        File.WriteAllText(ClusterPath, "interfaces: [{ name: wan0 }]\n");
        Assert.True(LastGoodClusterFile.TryRead(UnitFilePath, ClusterPath, out _, out _, out _));
        File.Delete(ClusterPath);
        Assert.True(LastGoodClusterFile.TryRead(UnitFilePath, ClusterPath, out var settings, out _, out var damage));
        Assert.Null(damage);
        Assert.Equal("lan0", Assert.Single(settings.Interfaces).Name);
    }
}
