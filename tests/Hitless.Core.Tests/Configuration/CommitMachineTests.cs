using Hitless.Core.Api;
using Hitless.Core.Configuration;
using Xunit;

namespace Hitless.Core.Tests.Configuration;

public sealed class CommitMachineTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);

    [Fact]
    public void All_units_check_before_any_applies_and_the_primary_applies_last()
    {
        var bench = new Bench("gw1", ["gw2", "gw3"]);
        bench.Run();
        Assert.Equal(
            "Check gw2, Check gw3, Check gw1, Apply gw2, Apply gw3, Apply gw1, Verify gw2, Verify gw3, Verify gw1, Finish gw1, "
                + "Finish gw2, Finish gw3",
            string.Join(", ", bench.Asked.Select(a => $"{a.Phase} {a.Unit}"))
        );
        Assert.Equal(CommitState.Committed, bench.Machine.State);
        Assert.Null(bench.Machine.NextDeadline);
    }

    [Fact]
    public void A_unit_alone_commits_too()
    {
        var bench = new Bench("gw1", []);
        bench.Run();
        Assert.Equal(CommitState.Committed, bench.Machine.State);
    }

    [Theory]
    [CombinatorialUnits]
    public void One_failure_leaves_no_unit_changed(CommitPhase phase, string unit, bool silent)
    {
        var bench = new Bench("gw1", ["gw2", "gw3"]) { Fails = new CommitAsk(unit, phase), Silent = silent };
        bench.Run();
        var touched = bench.Asked.Where(a => a.Phase == CommitPhase.Apply).Select(a => a.Unit).Order();
        var takenBack = bench.Asked.Where(a => a.Phase == CommitPhase.TakeBack).Select(a => a.Unit).Order();
        var failure = Assert.Single(bench.Machine.Failures);
        Assert.Equal(unit, failure.Unit);
        if (phase == CommitPhase.Finish && unit != "gw1")
        {
            Assert.Equal(CommitState.Committed, bench.Machine.State);
            Assert.Empty(takenBack);
        }
        else
        {
            Assert.Equal(phase == CommitPhase.Check ? CommitState.Refused : CommitState.TakenBack, bench.Machine.State);
            Assert.Equal(touched, takenBack);
            Assert.DoesNotContain(bench.Asked, a => a.Phase == CommitPhase.Finish && a.Unit != "gw1");
        }
    }

    [Fact]
    public void Random_answers_and_timeouts_always_end_and_never_mix_heads()
    {
        var random = new Random(42);
        for (var i = 0; i < 5000; i++)
        {
            var bench = new Bench("gw1", ["gw2", "gw3", "gw4"]) { Random = random };
            bench.Run();
            Assert.True(bench.Machine.Ended);
            Assert.Equal(bench.Machine.State == CommitState.Committed, bench.Finished.Contains("gw1"));
            Assert.True(bench.Finished.Count == 0 || bench.Finished.Contains("gw1"));
        }
    }

    /// <summary>Every phase of a commit, each of three units, failing or silent.</summary>
    private sealed class CombinatorialUnitsAttribute : Xunit.v3.DataAttribute
    {
        public override ValueTask<IReadOnlyCollection<ITheoryDataRow>> GetData(
            System.Reflection.MethodInfo testMethod,
            Xunit.Sdk.DisposalTracker disposalTracker
        )
        {
            var rows =
                from phase in new[] { CommitPhase.Check, CommitPhase.Apply, CommitPhase.Verify, CommitPhase.Finish }
                from unit in new[] { "gw1", "gw2", "gw3" }
                from silent in new[] { false, true }
                select (ITheoryDataRow)new TheoryDataRow<CommitPhase, string, bool>(phase, unit, silent);
            return new([.. rows]);
        }

        public override bool SupportsDiscoveryEnumeration() => true;
    }

    /// <summary>Units that answer at once, fail as told, or stay silent until the deadline.</summary>
    private sealed class Bench(string primary, IReadOnlyList<string> standbys)
    {
        private TimeSpan _now;

        public CommitMachine Machine { get; } = new(primary, standbys, Limit);

        public List<CommitAsk> Asked { get; } = [];

        public HashSet<string> Finished { get; } = [];

        public CommitAsk? Fails { get; init; }

        public bool Silent { get; init; }

        public Random? Random { get; init; }

        public void Run()
        {
            var asks = new List<CommitAsk>();
            Machine.Step(new CommitInput.Start(), _now, asks);
            for (var round = 0; !Machine.Ended && round < 100; round++)
            {
                var now = asks.ToList();
                asks.Clear();
                foreach (var ask in now)
                {
                    Answer(ask, asks);
                }

                if (asks.Count == 0 && Machine.NextDeadline is { } deadline)
                {
                    _now = deadline;
                    Machine.Step(new CommitInput.Tick(), _now, asks);
                }
            }
        }

        private void Answer(CommitAsk ask, List<CommitAsk> asks)
        {
            Asked.Add(ask);
            var fails = Random is { } r ? r.Next(12) == 0 : ask == Fails;
            if (ask.Phase == CommitPhase.Finish && !fails)
            {
                Finished.Add(ask.Unit);
            }

            if (!(fails && (Random?.Next(2) == 0 || Silent)))
            {
                Machine.Step(new CommitInput.Answered(ask.Phase, new UnitAnswer(ask.Unit, !fails, fails ? "no" : null, null)), _now, asks);
            }
        }
    }
}
