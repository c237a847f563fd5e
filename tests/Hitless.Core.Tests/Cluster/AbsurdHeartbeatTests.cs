using Hitless.Core.Cluster;
using Xunit;

namespace Hitless.Core.Tests.Cluster;

/// <summary>A unit that has the key and says what no unit says: nobody ends by it, and the others go on.</summary>
public sealed class AbsurdHeartbeatTests
{
    private const int Mallory = 666;
    private static readonly long[] Numbers = [long.MinValue, -1, 0, 1, 2, 1 << 21, Epoch.NumberMax, Epoch.NumberMax + 1, long.MaxValue];

    [Fact]
    public void An_absurd_epoch_is_not_believed_and_whoever_claims_it_is_named()
    {
        var bench = new MachineBench(200, 100).Run(3000);
        var epoch = bench[1].Machine!.Epoch;
        var claims = new Heartbeat
        {
            Name = "gw9",
            Role = UnitRole.Primary,
            State = UnitState.Ready,
            Epoch = new(epoch.Number + Epoch.LeapMax + 1, new(9)),
        };
        for (var i = 0; i < 100; i++)
        {
            Say(bench, claims, i);
            bench.Run(20);
        }

        Assert.Equal((UnitRole.Primary, epoch), (bench[0].Machine!.Role, bench[0].Machine!.Epoch));
        Assert.Equal(epoch, bench[1].Machine!.Epoch);
        Assert.Contains(bench[1].Machine!.ProblemsAt(bench.Now), problem =>
            problem.StartsWith("gw9 claims an epoch", StringComparison.Ordinal)
        );
        Assert.Single(bench[1].Told, text => text.Contains("gw9 claims an epoch", StringComparison.Ordinal));
        bench.Run(11_000);
        Assert.DoesNotContain(bench[1].Machine!.ProblemsAt(bench.Now), problem => problem.Contains("gw9", StringComparison.Ordinal));
    }

    [Fact]
    public void More_units_than_a_cluster_has_are_not_listened_to_and_that_is_said()
    {
        var bench = new MachineBench(200, 100).Run(3000);
        for (var i = 0; i < 1000; i++)
        {
            Say(
                bench,
                new Heartbeat
                {
                    Name = $"gw{i}",
                    Role = UnitRole.Standby,
                    State = UnitState.Syncing,
                },
                i,
                Mallory + i
            );
        }

        bench.Run(1000);
        Assert.InRange(bench[1].Machine!.Peers.Count, 2, 16);
        Assert.Equal(UnitRole.Primary, bench[0].Machine!.Role);
        Assert.Contains(bench[1].Machine!.ProblemsAt(bench.Now), problem =>
            problem.StartsWith("16 units were heard", StringComparison.Ordinal)
        );
    }

    [Fact]
    public void Absurd_values_of_every_field_end_no_unit_and_when_they_end_one_of_the_others_is_primary()
    {
        for (var seed = 1; seed <= 20; seed++)
        {
            var random = new Random(seed);
            var bench = new MachineBench(200, 100).Run(2000);
            for (var i = 1; i <= 50; i++)
            {
                Say(bench, Absurd(random, bench[0].Machine!.Epoch.Number), i);
                bench.Run(20);
                Assert.InRange(bench[0].Machine!.Epoch.Number, 1, 10_000);
            }

            bench.Run(20_000);
            Assert.True(bench.Primary.Machine!.Epoch.Number < 10_000, $"seed {seed}");
        }
    }

    /// <summary>As bytes, so that what the codec refuses never arrives.</summary>
    private static void Say(MachineBench bench, Heartbeat heartbeat, int sequence, int unit = Mallory)
    {
        // It names both of the others in each of their first starts, so it is no recording.
        heartbeat.EchoCount = 2;
        (heartbeat.Echoes[0], heartbeat.Echoes[1]) = (new Echo(new(1), new(257)), new Echo(new(2), new(513)));
        var bytes = new byte[HeartbeatCodec.LengthMax];
        var length = HeartbeatCodec.Write(heartbeat, 1, bytes);
        for (var i = 0; i < 2; i++)
        {
            var heard = new Heartbeat();
            if (HeartbeatCodec.TryRead(bytes.AsSpan(0, length), heard))
            {
                bench[i].Take(ClusterInput.HeartbeatReceived(new((ulong)unit), new(77), (ulong)sequence, heard));
            }
        }
    }

    private static Heartbeat Absurd(Random random, long epoch)
    {
        long Number() => Numbers[random.Next(Numbers.Length)];
        var heartbeat = new Heartbeat
        {
            Name = "gw9",
            Version = new string('9', random.Next(70)),
            WireMinor = (byte)random.Next(256),
            Role = (UnitRole)random.Next(3),
            State = (UnitState)random.Next(9),
            Epoch = new Epoch(random.Next(3) == 0 ? epoch + random.Next(3) : Number(), new((ulong)Number())),
            Priority = (byte)random.Next(256),
            Override = random.Next(2) == 0,
            Upgrading = random.Next(2) == 0,
            WantsAnswer = random.Next(2) == 0,
            AnswersAtOnce = random.Next(2) == 0,
            MissesLinks = random.Next(2) == 0,
            Held = random.Next(2) == 0,
            Age = TimeSpan.FromTicks(Number()),
            Failures = (ushort)random.Next(65_536),
            Offer = random.Next(2) == 0 ? new Offer(new(random.Next(2) == 0 ? 1UL : 2UL), new((uint)random.Next()), (ulong)Number()) : null,
            Revision = Number(),
            RevisionTag = (ulong)Number(),
            Sessions = uint.MaxValue,
            PortsUp = (ulong)Number(),
            ForwardingDigest = (ulong)Number(),
            Lateness = TimeSpan.FromMilliseconds(random.Next(2) == 0 ? uint.MaxValue : random.Next(100)),
            Start = TimeSpan.FromMilliseconds(random.Next(2) == 0 ? uint.MaxValue : random.Next(100)),
        };
        return heartbeat;
    }
}
