using Hitless.Core.Cluster;
using Hitless.Linux.Announcements;
using Hitless.Linux.Links;
using Hitless.Linux.Namespaces;

namespace Hitless.Linux.Tests.Announcements;

/// <summary>A mute unit asks the network who has the virtual addresses (docs/decisions/0042).</summary>
public sealed class AddressQuestionTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    [Fact]
    public void A_primary_answers_with_the_virtual_mac_and_a_standby_does_not()
    {
        using var units = new TwoUnits();
        NetworkNamespace.Run(units.A, () => units.TableA.Apply(TrafficState.Claimed).ThrowIfFailed("claim"));
        NetworkNamespace.Run(units.B, () => units.TableB.Apply(TrafficState.Muted).ThrowIfFailed("mute"));
        using var question = Open(units.B, units.Ports[0]);
        Assert.True(IsAnswered(question, Patience));

        NetworkNamespace.Run(units.A, () => units.TableA.Apply(TrafficState.Muted).ThrowIfFailed("mute"));
        question.TryReceive();
        Assert.False(IsAnswered(question, TimeSpan.FromMilliseconds(300)));
    }

    [Fact]
    public void Without_a_virtual_mac_whoever_has_the_address_counts_and_who_has_another_one_does_not()
    {
        using var units = new TwoUnits(virtualMac: false);
        NetworkNamespace.Run(units.A, () => units.TableA.Apply(TrafficState.Muted).ThrowIfFailed("mute"));
        NetworkNamespace.Run(units.B, () => units.TableB.Apply(TrafficState.Muted).ThrowIfFailed("mute"));
        using var question = Open(units.B, units.Ports[0]);
        Assert.False(IsAnswered(question, TimeSpan.FromMilliseconds(300)));

        NetworkNamespace.Run(units.A, () => units.TableA.Apply(TrafficState.Claimed).ThrowIfFailed("claim"));
        Assert.True(IsAnswered(question, Patience));
    }

    [Fact]
    public void A_host_that_has_the_address_and_another_mac_does_not_count()
    {
        using var units = new TwoUnits();
        NetworkNamespace.Run(units.A, () => units.TableA.Apply(TrafficState.Muted).ThrowIfFailed("mute"));
        NetworkNamespace.Run(units.B, () => units.TableB.Apply(TrafficState.Muted).ThrowIfFailed("mute"));
        Shell.Run($"ip -n {units.Client} addr add 10.77.1.1/32 dev eth0");
        using var question = Open(units.B, units.Ports[0]);
        Assert.False(IsAnswered(question, TimeSpan.FromMilliseconds(300)));
    }

    [Fact]
    public void A_port_without_an_ipv4_address_has_nothing_to_ask_for()
    {
        var port = new TrafficPort("lan0", VirtualMac.For(7, 0), [new(System.Net.IPAddress.Parse("fd77:1::1"), 64)]);
        Assert.False(AddressQuestion.Suits(port));
    }

    private static AddressQuestion Open(string unit, TrafficPort port) => NetworkNamespace.Run(unit, () =>
        {
            using var links = new LinkTable();
            var link = links.Find(port.Name)!.Value;
            return new AddressQuestion(link.Index, link.Mac, port);
        });

    private static bool IsAnswered(AddressQuestion question, TimeSpan patience)
    {
        for (var since = System.Diagnostics.Stopwatch.StartNew(); since.Elapsed < patience; Thread.Sleep(20))
        {
            question.Ask();
            if (question.TryReceive())
            {
                return true;
            }
        }

        return false;
    }
}
