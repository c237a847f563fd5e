using Hitless.Firmware.Files;
using Xunit;

namespace Hitless.Daemon.Tests.Firmware;

/// <summary>What handles whole images leaves the processor to the kernel in between.</summary>
public sealed class PacedStreamTests
{
    [Fact]
    public async Task Every_byte_comes_through_whether_read_at_once_or_later_and_from_any_place()
    {
        var content = new byte[300_000];
        new Random(1).NextBytes(content);
        await using var paced = new PacedStream(new MemoryStream(content));
        using var copy = new MemoryStream();

        paced.CopyTo(copy, 64 << 10);
        Assert.Equal(content, copy.ToArray());
        copy.SetLength(0);
        paced.Seek(100_000, SeekOrigin.Begin);
        await paced.CopyToAsync(copy, 64 << 10, TestContext.Current.CancellationToken);
        Assert.Equal(content[100_000..], copy.ToArray());
        Assert.Equal(300_000, paced.Length);
    }

    /// <summary>Work of 20 ms, of 1.5 ms (added up until a timer can rest for it) and of 80 ms (the longest rest is 100 ms).</summary>
    [Theory]
    [InlineData(20.0, 5, 4 * 40.0)]
    [InlineData(1.5, 5, 2 * 6.0)]
    [InlineData(80.0, 3, 2 * 100.0)]
    public async Task Who_works_hard_on_each_piece_rests_twice_as_long_before_the_next(double pieceMs, int pieces, double restMs)
    {
        foreach (var later in new[] { true, false })
        {
            var clock = new RestingClock();
            await using var paced = new PacedStream(new MemoryStream(new byte[pieces]), clock);
            var buffer = new byte[1];
            for (var piece = 0; piece < pieces; piece++)
            {
                _ = later ? await paced.ReadAsync(buffer, TestContext.Current.CancellationToken) : paced.Read(buffer, 0, 1);
                clock.Work(TimeSpan.FromMilliseconds(pieceMs));
            }

            Assert.Equal(TimeSpan.FromMilliseconds(restMs), clock.Rested);
        }
    }

    [Fact]
    public async Task Time_spent_waiting_for_the_stream_itself_is_no_work()
    {
        var clock = new RestingClock();
        await using var paced = new PacedStream(new SlowStream(clock), clock);
        for (var piece = 0; piece < 5; piece++)
        {
            paced.ReadExactly(new byte[1]);
        }

        Assert.Equal(TimeSpan.Zero, clock.Rested);
    }

    /// <summary>Its time passes by work that is told to it and by rests, which end at once.</summary>
    private sealed class RestingClock : TimeProvider
    {
        private TimeSpan _now = TimeSpan.FromSeconds(1);
        public TimeSpan Rested { get; private set; }
        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public void Work(TimeSpan span) => _now += span;

        public override long GetTimestamp() => _now.Ticks;

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            if (dueTime > TimeSpan.Zero)
            {
                _now += dueTime;
                Rested += dueTime;
                dueTime = TimeSpan.Zero;
            }

            return System.CreateTimer(callback, state, dueTime, period);
        }
    }

    private sealed class SlowStream(RestingClock clock) : MemoryStream(new byte[5])
    {
        public override int Read(Span<byte> buffer)
        {
            clock.Work(TimeSpan.FromMilliseconds(500));
            return base.Read(buffer);
        }
    }
}
