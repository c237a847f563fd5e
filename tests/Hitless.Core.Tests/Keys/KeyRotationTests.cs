using Hitless.Core.Keys;
using Hitless.Core.Wire;
using Xunit;

namespace Hitless.Core.Tests.Keys;

/// <summary>Units that rotate the key in every order that messages, restarts and starts may come in.</summary>
public sealed class KeyRotationTests
{
    private static readonly ClusterKey Former = Key(0);

    [Fact]
    public void Two_units_that_can_talk_never_fail_to_understand_each_other_and_both_end_with_the_new_key()
    {
        for (var seed = 0; seed < 500; seed++)
        {
            var cluster = new Cluster(units: 2 + seed % 3, new Random(seed));
            cluster.Begin(0);
            if (seed % 5 == 0)
            {
                cluster.Begin(1);
            }

            for (var turn = 0; turn < 2000 && !cluster.IsDone; turn++)
            {
                cluster.Turn();
                cluster.AssertUnderstood(seed);
            }

            Assert.True(cluster.IsDone, $"seed {seed}: {cluster}");
        }
    }

    [Fact]
    public void A_unit_that_does_not_answer_is_waited_for()
    {
        var here = new ClusterKeys(Former).With(Key(1), ["gw1", "gw2", "gw3"]);
        Assert.Equal(["gw2", "gw3"], KeyRotation.WaitsFor(here, "gw1", new Dictionary<string, KeyPhase> { ["gw2"] = KeyPhase.Former }));
        Assert.Equal(["gw3"], KeyRotation.WaitsFor(here, "gw1", new Dictionary<string, KeyPhase> { ["gw2"] = KeyPhase.Accepts }));
        Assert.Empty(
            KeyRotation.WaitsFor(here.Among(["gw1", "gw2"]), "gw1", new Dictionary<string, KeyPhase> { ["gw2"] = KeyPhase.Sends })
        );
    }

    [Fact]
    public void A_unit_with_a_third_key_takes_none()
    {
        var here = new ClusterKeys(Key(9));
        var (keys, phase) = KeyRotation.Receive(here, Former.Id, Key(1), ["gw1", "gw2"]);
        Assert.Null(phase);
        Assert.Same(here, keys);
    }

    [Fact]
    public void Nobody_takes_another_key_once_it_sends_with_the_next()
    {
        var (low, high) = string.CompareOrdinal(Key(1).Id, Key(2).Id) < 0 ? (Key(1), Key(2)) : (Key(2), Key(1));
        var accepts = new ClusterKeys(Former).With(high, ["gw1", "gw2"]);
        Assert.Equal(low.Id, KeyRotation.Receive(accepts, Former.Id, low, ["gw1", "gw2"]).Keys.Next.Id);
        Assert.Null(KeyRotation.Receive(accepts.Advanced(), Former.Id, low, ["gw1", "gw2"]).Phase);
    }

    private static ClusterKey Key(int number) => new([.. Enumerable.Repeat((byte)number, ClusterKey.Size)]);

    /// <summary>Units that ask each other one at a time; any of them may be down, and comes back with what its file says.</summary>
    private sealed class Cluster
    {
        private readonly Random random;
        private readonly string[] names;
        private readonly Dictionary<string, ClusterKeys> keys;
        private readonly Dictionary<string, (ClusterKeys Of, Dictionary<string, KeyPhase> Phases)> heard = new(StringComparer.Ordinal);
        private int made;

        public Cluster(int units, Random random)
        {
            this.random = random;
            names = [.. Enumerable.Range(1, units).Select(number => $"gw{number}")];
            keys = names.ToDictionary(name => name, _ => new ClusterKeys(Former));
        }

        public bool IsDone => keys.Values.All(each => !each.IsRotating && each.Sending.Id != Former.Id);

        public void Begin(int unit) => keys[names[unit]] = keys[names[unit]].With(Key(10 + made++ + random.Next(100)), names);

        /// <summary>One unit asks one other, or restarts, or goes further if it may by what it has heard.</summary>
        public void Turn()
        {
            var (unit, other) = (names[random.Next(names.Length)], names[random.Next(names.Length)]);
            var here = keys[unit];
            if (random.Next(10) == 0)
            {
                Assert.True(ClusterKeys.TryParse(here.ToFileText(), out var again, out _));
                keys[unit] = again;
            }
            else if (here.IsRotating && random.Next(2) == 0 && other != unit)
            {
                (keys[other], var phase) = KeyRotation.Receive(keys[other], here.Former.Id, here.Next, here.Members);
                var known = heard.TryGetValue(unit, out var before) && ReferenceEquals(before.Of, here) ? before.Phases : [];
                if (phase is { } reached)
                {
                    known[other] = reached;
                }

                heard[unit] = (here, known);
            }
            else if (
                here.IsRotating
                && heard.TryGetValue(unit, out var told)
                && ReferenceEquals(told.Of, here)
                && KeyRotation.WaitsFor(here, unit, told.Phases).Count == 0
            )
            {
                keys[unit] = here.Advanced();
            }
        }

        public void AssertUnderstood(int seed)
        {
            foreach (var sender in keys.Values)
            {
                Assert.All(keys.Values, receiver =>
                    Assert.True(receiver.Accepted.Any(key => key.Id == sender.Sending.Id), $"seed {seed}: {this}")
                );
            }
        }

        public override string ToString() =>
            string.Join(", ", keys.Select(each => $"{each.Key} {each.Value.Phase} {each.Value.Former.Id[..4]}→{each.Value.Next.Id[..4]}"));
    }
}
