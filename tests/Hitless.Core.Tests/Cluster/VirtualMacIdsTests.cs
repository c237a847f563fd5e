using Hitless.Core.Cluster;
using Xunit;

namespace Hitless.Core.Tests.Cluster;

public sealed class VirtualMacIdsTests
{
    [Fact]
    public void An_interface_keeps_its_id_when_others_come_and_go_and_change_places()
    {
        // No two of these have the same first choice, as hardly any two names have.
        string[] names = ["lan0", "wan0", "dmz0", "eth0", "eth1", "enp3s0f1", "bond0.17", "br-guests"];
        var whole = IdOf(names);

        Assert.Equal(names.Length, whole.Values.Distinct().Count());
        for (var first = 0; first < names.Length; first++)
        {
            for (var count = 1; first + count <= names.Length; count++)
            {
                foreach (var (name, id) in IdOf([.. names.Skip(first).Take(count).Reverse()]))
                {
                    Assert.Equal(whole[name], id);
                }
            }
        }
    }

    [Fact]
    public void Sixty_four_interfaces_have_different_ids_in_whatever_order_they_stand()
    {
        var random = new Random(7);
        for (var round = 0; round < 200; round++)
        {
            string[] names = [.. Enumerable.Range(0, 64).Select(number => $"if{round}.{number}")];
            var ids = IdOf(names);
            random.Shuffle(names);

            Assert.Equal(64, ids.Values.Distinct().Count());
            Assert.All(ids.Values, id => Assert.InRange(id, VirtualMacIds.ByHand, VirtualMac.IdMax));
            Assert.Equal(ids, IdOf(names));
        }
    }

    [Fact]
    public void Of_names_with_the_same_first_choice_one_keeps_it_whoever_came_first()
    {
        var (one, other) = SameChoice();
        var choice = IdOf([one])[one];
        var both = IdOf([one, other]);

        Assert.Equal(both, IdOf([other, one]));
        Assert.Single(both.Values, choice);
        Assert.NotEqual(both[one], both[other]);
    }

    [Fact]
    public void An_id_that_was_given_by_hand_is_nobody_elses_and_a_small_one_moves_nobody()
    {
        var before = IdOf(["lan0", "wan0"]);

        var small = VirtualMacIds.Of([("lan0", null), ("wan0", null), ("dmz0", 0)]);
        var taken = VirtualMacIds.Of([("lan0", null), ("wan0", null), ("dmz0", before["lan0"])]);

        Assert.Equal([before["lan0"], before["wan0"], 0], small);
        Assert.Equal(before["wan0"], taken[1]);
        Assert.NotEqual(before["lan0"], taken[0]);
    }

    [Fact]
    public void The_ids_of_these_names_are_the_same_in_every_version() =>
        Assert.Equal([6713, 4177], VirtualMacIds.Of([("lan0", null), ("wan0", null)]));

    private static Dictionary<string, int> IdOf(string[] names) =>
        names
            .Zip(VirtualMacIds.Of([.. names.Select(name => (name, (int?)null))]))
            .ToDictionary(each => each.First, each => each.Second, StringComparer.Ordinal);

    private static (string One, string Other) SameChoice()
    {
        var seen = new Dictionary<int, string>();
        for (var number = 0; ; number++)
        {
            var name = $"eth{number}";
            var choice = IdOf([name])[name];
            if (!seen.TryAdd(choice, name))
            {
                return (seen[choice], name);
            }
        }
    }
}
