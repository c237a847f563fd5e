using Hitless.Core.Api;
using Hitless.Daemon.Tests.Api;
using Xunit;

namespace Hitless.Daemon.Tests.Cli;

/// <summary>What the command line shows of load balancing and of redundancy.</summary>
public sealed class BalanceViewTests
{
    [Fact]
    public async Task Status_has_a_row_with_the_share_of_each_unit_and_why_one_has_none()
    {
        await using var bench = await ApiBench.StartAsync();
        bench.Unit.Status = Status(off: null);

        var lines = (await bench.HitlessAsync("status")).Output.Split('\n').Select(line => string.Join(' ', Words(line))).ToArray();

        Assert.Contains("load balancing (ip) shares 256 buckets out:", lines);
        Assert.Contains("gw1 86 34 % 1,234,567", lines);
        Assert.Contains("gw2 85 33 % not known", lines);
        Assert.Contains("gw3 85 33 % 7", lines);
        Assert.Contains("gw4 0 0 % 0 it is held", lines);
    }

    [Fact]
    public async Task Status_says_why_nothing_is_shared_out_and_shows_no_shares_then()
    {
        await using var bench = await ApiBench.StartAsync();
        bench.Unit.Status = Status(off: "an upgrade is under way");

        var output = (await bench.HitlessAsync("status")).Output;

        Assert.Contains("load balancing (ip) is off: an upgrade is under way", output, StringComparison.Ordinal);
        Assert.DoesNotContain("BUCKETS", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Sessions_have_a_column_for_who_forwards_them_where_that_is_said()
    {
        await using var bench = await ApiBench.StartAsync();

        var shared = (await bench.HitlessAsync("sessions", "list", "--filter", "udp")).Output;
        Assert.Contains("FORWARDED BY", shared, StringComparison.Ordinal);
        Assert.Contains("gw2", shared, StringComparison.Ordinal);
        Assert.DoesNotContain("FORWARDED BY", (await bench.HitlessAsync("sessions", "list")).Output, StringComparison.Ordinal);
    }

    private static ClusterStatus Status(string? off) =>
        Samples.Status with
        {
            Units =
            [
                Samples.Status.Units[0] with
                {
                    Balance = new BalanceStatus(
                        "ip",
                        off,
                        [
                            new("gw1", 86, null, 1_234_567),
                            new("gw2", 85, null, null),
                            new("gw3", 85, null, 7),
                            new("gw4", 0, "it is held", 0),
                        ]
                    ),
                },
                Samples.Status.Units[1],
            ],
        };

    private static string[] Words(string line) => line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
}
