using Hitless.Core.Cluster;
using Xunit;

namespace Hitless.Core.Tests.Cluster;

/// <summary>The bytes of a heartbeat's payload.</summary>
public sealed class HeartbeatCodecTests
{
    private const byte FirstUnknownTag = 200;

    [Fact]
    public void What_a_unit_says_arrives_whole()
    {
        var (read, said) = (new Heartbeat(), Example());

        Assert.True(HeartbeatCodec.TryRead(Bytes(said), read));

        Assert.Equal(
            (said.Name, said.Version, said.Role, said.State, said.Epoch),
            (read.Name, read.Version, read.Role, read.State, read.Epoch)
        );
        Assert.Equal(
            (said.Age, said.Failures, said.Offer, said.Revision, said.RevisionTag),
            (read.Age, read.Failures, read.Offer, read.Revision, read.RevisionTag)
        );
        Assert.Equal((said.Sessions, said.PortsUp, said.ForwardingDigest), (read.Sessions, read.PortsUp, read.ForwardingDigest));
        Assert.Equal((said.Lateness, said.Start), (read.Lateness, read.Start));
        Assert.True(read.Hears(new(7), new(70)) && read.Hears(new(8), new(80)) && !read.Hears(new(7), new(80)));
        Assert.Equal(0, read.UnknownFields);
    }

    [Fact]
    public void Fields_that_a_reader_does_not_know_are_passed_over_and_counted()
    {
        byte[] newer = [FirstUnknownTag, 3, 1, 2, 3, .. Bytes(Example()), FirstUnknownTag + 1, 0];
        var read = new Heartbeat();

        Assert.True(HeartbeatCodec.TryRead(newer, read));
        Assert.Equal(2, read.UnknownFields);
        Assert.Equal("gw1", read.Name);
    }

    [Fact]
    public void A_heartbeat_of_an_older_version_tells_of_no_pace()
    {
        var bytes = Bytes(Example());
        var read = new Heartbeat { Lateness = TimeSpan.FromSeconds(1), Start = TimeSpan.FromSeconds(1) };

        // The pace is the last field, and older versions had none.
        Assert.True(HeartbeatCodec.TryRead(bytes.AsSpan(0, bytes.Length - 10), read));
        Assert.Equal((TimeSpan.Zero, TimeSpan.Zero), (read.Lateness, read.Start));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void No_bytes_make_the_decoder_throw(int seed)
    {
        var random = new Random(seed);
        var good = Bytes(Example());
        var read = new Heartbeat();
        var accepted = 0;
        for (var round = 0; round < 50_000; round++)
        {
            var bytes = good.AsSpan(0, random.Next(good.Length + 1)).ToArray();
            for (var change = random.Next(4); change > 0 && bytes.Length > 0; change--)
            {
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            }

            accepted += HeartbeatCodec.TryRead(bytes, read) ? 1 : 0;
            Assert.InRange(read.EchoCount, 0, Heartbeat.EchoCountMax);
        }

        Assert.InRange(accepted, 1, 49_999);
    }

    private static byte[] Bytes(Heartbeat heartbeat)
    {
        var buffer = new byte[HeartbeatCodec.LengthMax];
        return buffer[..HeartbeatCodec.Write(heartbeat, 1, buffer)];
    }

    private static Heartbeat Example()
    {
        var heartbeat = new Heartbeat
        {
            Name = "gw1",
            Version = "1.0.0",
            WireMinor = 1,
            Role = UnitRole.Primary,
            State = UnitState.Ready,
            Epoch = new Epoch(5, new(7)),
            Priority = 200,
            Failures = 3,
            Age = TimeSpan.FromMinutes(5),
            Offer = new Offer(new(8), new(9), 10),
            Revision = 11,
            RevisionTag = 12,
            Sessions = 13,
            PortsUp = 14,
            ForwardingDigest = 15,
            Lateness = TimeSpan.FromMilliseconds(250),
            Start = TimeSpan.FromMilliseconds(4100),
            EchoCount = 2,
        };
        (heartbeat.Echoes[0], heartbeat.Echoes[1]) = (new Echo(new(7), new(70)), new Echo(new(8), new(80)));
        return heartbeat;
    }
}
