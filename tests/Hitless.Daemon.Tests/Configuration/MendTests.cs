using Hitless.Daemon.Configuration;
using Xunit;

namespace Hitless.Daemon.Tests.Configuration;

/// <summary>Revisions that are gone on one unit come back from another that holds the same head.</summary>
public sealed class MendTests
{
    [Theory]
    [InlineData("1-*.json")]
    [InlineData("2-*.json")]
    [InlineData("[12]-*.json")]
    public async Task A_revision_that_is_gone_is_noticed_and_fetched(string pattern)
    {
        using var bench = new Bench();
        var (gw1, gw2) = (bench.Add("gw1", "one"), bench.Add("gw2", "one"));
        await gw1.BecomePrimary();
        Assert.Null((await gw1.Commit(Bench.B, "two")).Refusal);
        Assert.Null((await gw1.Commit(Bench.B, "three")).Refusal);
        Assert.True((await gw2.SyncFrom("gw1")).Ok);
        gw2.Stop();
        var folder = gw2.State + "/configuration/revisions";
        foreach (var each in pattern == "[12]-*.json" ? new[] { "1-*.json", "2-*.json" } : [pattern])
        {
            File.Delete(Directory.GetFiles(folder, each).Single());
        }

        gw2.Start();
        Assert.True(gw2.Service.IsBroken);
        Assert.NotEmpty(gw2.Service.Damage);
        Assert.Equal(gw1.Service.Current, gw2.Service.Current);
        gw1.Cut = true;
        Assert.Null(await gw2.Service.MendAsync(gw2, TestContext.Current.CancellationToken));
        gw1.Cut = false;
        Assert.Equal("gw1", await gw2.Service.MendAsync(gw2, TestContext.Current.CancellationToken));
        Assert.False(gw2.Service.IsBroken);
        Assert.Equal((await gw1.History()).Revisions, (await gw2.History()).Revisions);
        gw2.Stop();
        gw2.Start();
        Assert.Empty(gw2.Service.Damage);
        Assert.NotNull(await gw2.Service.Local.FindAsync("1", TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("{\"head\":\"0000\",\"branches\":[]}")]
    public async Task A_head_that_is_gone_or_damaged_is_taken_from_its_copy(string? content)
    {
        using var bench = new Bench();
        var gw1 = bench.Add("gw1", "one");
        await gw1.BecomePrimary();
        Assert.Null((await gw1.Commit(Bench.B, "two")).Refusal);
        var head = gw1.Service.Current;
        gw1.Stop();
        var path = gw1.State + "/configuration/head.json";
        File.Delete(path);
        if (content is not null)
        {
            File.WriteAllText(path, content);
        }

        gw1.Start();
        Assert.Equal(head, gw1.Service.Current);
        Assert.Contains("its copy counts", Assert.Single(gw1.Service.Damage), StringComparison.Ordinal);
        gw1.Stop();
        gw1.Start();
        Assert.Empty(gw1.Service.Damage);
    }

    [Fact]
    public async Task What_was_pruned_is_no_loss()
    {
        using var bench = new Bench { KeepRevisions = 2 };
        var gw1 = bench.Add("gw1", "one");
        await gw1.BecomePrimary();
        foreach (var content in new[] { "two", "three", "four", "five" })
        {
            Assert.Null((await gw1.Commit(Bench.B, content)).Refusal);
        }

        gw1.Stop();
        gw1.Start();
        Assert.False(gw1.Service.IsBroken);
        Assert.Empty(gw1.Service.Damage);
        gw1.Stop();
        File.Delete(gw1.State + "/configuration/pruned.json");
        gw1.Start();
        Assert.True(gw1.Service.IsBroken);
        Assert.Equal(5, gw1.Service.Current!.Number);
    }
}
