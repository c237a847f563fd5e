using System.Text.Json;
using Hitless.Lab.Tests.Clusters;
using Xunit;

namespace Hitless.Lab.Tests.Scenarios;

/// <summary>
/// A rehearsal under traffic, and the run that is held against it. About a minute: <c>./dev test lab -- -explicit only -class
/// '*RehearsalTests'</c>.
/// </summary>
public sealed class RehearsalTests(UpgradeSite site) : IClassFixture<UpgradeSite>
{
    [Fact(Explicit = true)]
    public async Task What_a_rehearsal_measured_is_the_baseline_of_the_run_and_nothing_is_lost()
    {
        var rehearsal = site.Ask("gw1", "upgrade", "rehearse", Prerequisites.SecondImage);
        Assert.Equal(("completed", "rehearsal"), (rehearsal.GetProperty("verdict").GetString(), rehearsal.GetProperty("mode").GetString()));
        await site.AllIsWellAsync("gw1", "0.9.0", "0.9.0");

        // Kept on the other unit too, which is asked from here on.
        var baseline = site.Ask("gw2", "upgrade", "report").GetProperty("baseline");
        Assert.Equal(rehearsal.GetProperty("run").GetString(), baseline.GetProperty("run").GetString());
        Assert.Equal(
            (rehearsal.GetProperty("longestGapMs").GetDouble(), true),
            (baseline.GetProperty("gapMs").GetDouble(), baseline.GetProperty("sessionsBefore").GetInt64() > 100)
        );

        var image = site.Ask("gw2", "firmware", "list").EnumerateArray().Single().GetProperty("hash").GetString()!;
        Assert.Equal(baseline.ToString(), site.Ask("gw2", "upgrade", "plan", image).GetProperty("baseline").ToString());
        var check = site.Ask("gw2", "upgrade", "check", image)
            .GetProperty("checks")
            .EnumerateArray()
            .Single(c => c.GetProperty("id").GetString() == "rehearsal");
        Assert.StartsWith("rehearsed 20", check.GetProperty("text").GetString(), StringComparison.Ordinal);

        var report = site.Ask("gw2", "upgrade", "start", image);
        Assert.Equal(
            ("completed", baseline.ToString()),
            (report.GetProperty("verdict").GetString(), report.GetProperty("baseline").ToString())
        );
        await site.AllIsWellAsync("gw1", "1.0.0", "1.0.0");
        await site.NothingWasLostAsync();
    }
}
