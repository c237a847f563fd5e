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

    /// <summary>Five pieces of work of at least 20 ms each: at least twice that is rest.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Who_works_hard_on_each_piece_rests_before_the_next(bool later)
    {
        await using var paced = new PacedStream(new MemoryStream(new byte[5]));
        var (buffer, rested) = (new byte[1], TimeSpan.Zero);
        for (var piece = 0; piece < 5; piece++)
        {
            var before = System.Diagnostics.Stopwatch.GetTimestamp();
            _ = later ? await paced.ReadAsync(buffer, TestContext.Current.CancellationToken) : paced.Read(buffer, 0, 1);
            rested += piece > 0 ? System.Diagnostics.Stopwatch.GetElapsedTime(before) : TimeSpan.Zero;
            Thread.Sleep(20);
        }

        // A rest is never shorter than asked for, however busy the machine.
        Assert.True(rested >= TimeSpan.FromMilliseconds(4 * 40), $"{rested.TotalMilliseconds} ms");
    }
}
