using System.Net;
using Hitless.Core.Sessions;
using Xunit;

namespace Hitless.Core.Tests.Sessions;

public sealed class PptpCallTests
{
    private static readonly SessionTuple Control = Tuple(4000, 1723);

    // Call 100 of the client, 200 of the server.
    private static readonly SessionRecord Data = Straight(Tuple(100, 200));

    [Fact]
    public void Each_direction_is_expected_as_a_kernel_sees_it_that_knows_no_senders_key()
    {
        var expected = Expected(Data);
        Assert.Equal(
            [Tuple(0, 200), Data.Reply with { SourcePort = 0 }],
            expected.Select(each => each.Tuple).OrderByDescending(each => each.DestinationPort)
        );
        Assert.All(expected, each => Assert.Equal((1u, new SessionKey(false, Protocols.Tcp, 7, Control)), (each.Flags, each.Parent)));
    }

    [Fact]
    public void A_call_is_known_by_whatever_entries_it_has()
    {
        // What the server began has its tuples the other way round; what one direction alone has made knows no second key.
        var answers = Data.Reply;
        SessionRecord[] halves = [Straight(Tuple(0, 200)), Straight(answers with { SourcePort = 0 })];
        Assert.Equal(Expected(Data), Expected(Straight(answers)));
        Assert.Equal(Expected(Data), halves.SelectMany(Expected).ToHashSet());
        Assert.Equal(Expected(Data), Expected(Data).Select(each => PptpCall.WithoutMap(each)).ToHashSet());
    }

    [Fact]
    public void Translated_calls_and_other_tunnels_are_left_alone()
    {
        Assert.True(PptpCall.IsData(Data));
        Assert.False(PptpCall.IsData(Data with { Reply = Data.Reply with { Destination = 1 } }));
        Assert.False(PptpCall.IsData(Data with { Parent = default }));
        Assert.False(PptpCall.IsData(SessionSamples.Tcp(1) with { Parent = Data.Parent }));
    }

    private static HashSet<SessionExpectation> Expected(SessionRecord data) =>
        [.. PptpCall.Expectations(data).Select(each => PptpCall.WithoutMap(each))];

    private static SessionTuple Tuple(ushort source, ushort destination) =>
        new(SessionTuple.Number(IPAddress.Parse("10.0.0.1")), SessionTuple.Number(IPAddress.Parse("192.0.2.1")), source, destination);

    private static SessionRecord Straight(SessionTuple original) =>
        new(new SessionKey(false, Protocols.Gre, 7, original), original.Inverted(Protocols.Gre), SessionStatus.Confirmed, 600, 0, default)
        {
            Parent = new SessionParent(Protocols.Tcp, Control),
        };
}
