using Hitless.Core.Api;
using Hitless.Lab.Tests.Clusters;
using Hitless.Lab.Tests.Machine;
using Hitless.Lab.Tools;
using Xunit;

namespace Hitless.Lab.Tests.Scenarios;

/// <summary>A unit asks a feed what is newer, and is upgraded by what it has downloaded (docs/decisions/0106).</summary>
public sealed class FeedTests
{
    [Scenario]
    public async Task A_newer_image_is_found_downloaded_and_brought_to_both_units()
    {
        using var cluster = await LabCluster.ReadyAsync();
        var folder = Path.Combine(cluster.Plan.Folder, "releases");
        Directory.CreateDirectory(Path.Combine(folder, "stable"));
        File.Copy(Prerequisites.SecondImage, Path.Combine(folder, "stable", "hitless-1.0.0.hli"));
        File.Copy(Prerequisites.FirstImage, Path.Combine(folder, "hitless-0.9.0.hli"));
        var unset = cluster.Watch.Cli("gw1").Run("firmware", "check");
        Assert.True(unset.ExitCode == 1 && unset.Errors.Contains("set upgrade.feed", StringComparison.Ordinal), unset.Errors);
        var made = Tool.Try(
            cluster.Plan.Program("hitless"),
            ["firmware", "index", folder, "--key", Path.Combine(Prerequisites.Out, "keys", "image-signing.key"), "--json"]
        );
        Assert.True(made.Ok, made.Errors);
        cluster.RestartWith(("upgrade:", $"upgrade:\n  feed: {folder}/hitless.feed"));
        await cluster.UntilReadyAsync();
        var cli = cluster.Watch.Cli("gw1");

        var offer = Assert.Single(cli.Ask<FeedReport>(out _, "firmware", "check")!.Newer);
        Assert.Equal(("1.0.0", false, "1.0.0"), (offer.Image.Version, offer.Stored, Assert.Single(offer.Path)));
        var said = cli.Run("firmware", "check", "--download");
        Assert.Contains("next: hitless upgrade start 1.0.0", said.Output, StringComparison.Ordinal);
        var ended = cli.Run("upgrade", "start", "1.0.0");
        Assert.True(ended.ExitCode == 0, ended.Output + ended.Errors);
        Assert.All(cli.Ask<ClusterStatus>(out _, "status")!.Units, unit => Assert.Equal("1.0.0", unit.Version));
        Assert.Contains("nothing newer than 1.0.0", cli.Run("firmware", "check").Output, StringComparison.Ordinal);
    }
}
