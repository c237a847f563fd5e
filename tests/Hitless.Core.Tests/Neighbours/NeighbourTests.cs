using Hitless.Core.Cluster;
using Hitless.Core.Neighbours;
using Xunit;

namespace Hitless.Core.Tests.Neighbours;

public sealed class NeighbourTests
{
    private static readonly Neighbour Ipv4 = new(1, false, 0x0a0a020a, new MacAddress(0x020000000001));
    private static readonly Neighbour Ipv6 = new(63, true, UInt128.MaxValue, new MacAddress(0x020000000002));

    [Fact]
    public void Neighbours_are_read_as_they_were_written()
    {
        Assert.True(NeighbourRecords.TryParse(NeighbourRecords.ToBytes([Ipv4, Ipv6]), out var read));
        Assert.Equal([Ipv4, Ipv6], read);
    }

    [Fact]
    public void Bytes_that_are_no_neighbours_are_refused_and_never_throw()
    {
        var random = new Random(4);
        for (var round = 0; round < 20_000; round++)
        {
            var bytes = NeighbourRecords.ToBytes([Ipv4, Ipv6])[..random.Next(49)];
            for (var flips = random.Next(4); flips > 0 && bytes.Length > 0; flips--)
            {
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            }

            if (NeighbourRecords.TryParse(bytes, out var read))
            {
                Assert.Equal(bytes, NeighbourRecords.ToBytes(read));
            }
        }
    }

    [Fact]
    public void Only_news_is_told()
    {
        var news = new NeighbourNews();

        Assert.Equal([Ipv4], news.Choose(new(7), [Ipv4], TimeSpan.FromSeconds(1)));
        Assert.Empty(news.Choose(new(7), [Ipv4], TimeSpan.FromSeconds(2)));
        Assert.Equal([Ipv6], news.Choose(new(7), [Ipv4, Ipv6], TimeSpan.FromSeconds(3)));
        var moved = Ipv4 with { Mac = Ipv6.Mac };
        Assert.Equal([moved], news.Choose(new(7), [moved, Ipv6], TimeSpan.FromSeconds(4)));
        Assert.Equal([Ipv4], news.Choose(new(7), [Ipv4, Ipv6], TimeSpan.FromSeconds(5)));
    }

    [Fact]
    public void All_is_told_to_a_new_incarnation_after_a_failure_and_now_and_then()
    {
        var news = new NeighbourNews();
        news.Choose(new(7), [Ipv4, Ipv6], TimeSpan.FromSeconds(1));

        Assert.Equal(2, news.Choose(new(8), [Ipv4, Ipv6], TimeSpan.FromSeconds(2)).Count);
        news.Forget();
        Assert.Equal(2, news.Choose(new(8), [Ipv4, Ipv6], TimeSpan.FromSeconds(3)).Count);
        Assert.Equal(2, news.Choose(new(8), [Ipv4, Ipv6], TimeSpan.FromSeconds(50)).Count);
    }
}
