using Hitless.Simulator;
using Hitless.Simulator.Faults;
using Xunit;

namespace Hitless.Core.Tests.Simulation;

/// <summary>The rules of design.md in some hundred lives of clusters; <c>./dev sim</c> lives more of them.</summary>
public sealed class SimulationTests
{
    [Fact]
    public void No_rule_is_broken_in_some_hundred_lives()
    {
        var breaches = new System.Collections.Concurrent.ConcurrentBag<string>();
        Parallel.For(0, 400, index =>
        {
            var life = Live((ulong)index + 1, Plant.None);
            if (life.Breached is { } breach)
            {
                breaches.Add($"./dev sim --seed {life.Seed} --verbose: {breach}");
            }
        });

        Assert.Empty(breaches);
    }

    [Fact]
    public void Every_planted_fault_is_found()
    {
        foreach (var plant in Enum.GetValues<Plant>().Where(plant => plant != Plant.None))
        {
            Assert.True(
                Enumerable.Range(1, 300).Any(seed => Live((ulong)seed, plant).Breached is not null),
                $"{plant} is not found in 300 lives"
            );
        }
    }

    [Fact]
    public void A_seed_gives_the_same_life_again()
    {
        var (first, second) = (new StringWriter(), new StringWriter());
        Live(7, Plant.None, first);
        Live(7, Plant.None, second);

        Assert.NotEqual("", first.ToString());
        Assert.Equal(first.ToString(), second.ToString());
    }

    [Fact]
    public void An_option_that_is_not_understood_is_named()
    {
        var error = new StringWriter();

        Assert.Equal(2, Campaign.Run(["--seeds", "many"], TextWriter.Null, error));
        Assert.Contains("--seeds many", error.ToString(), StringComparison.Ordinal);
    }

    private static Simulator.Simulation Live(ulong seed, Plant plant, TextWriter? trace = null)
    {
        var life = new Simulator.Simulation(seed, unitCount: null, plant, trace);
        life.Run();
        return life;
    }
}
