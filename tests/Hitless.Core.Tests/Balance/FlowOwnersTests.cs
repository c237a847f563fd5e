using System.Net;
using Hitless.Core.Balance;
using Hitless.Core.Forwarding;
using Xunit;

namespace Hitless.Core.Tests.Balance;

/// <summary>Who forwards a flow, told from its addresses.</summary>
public sealed class FlowOwnersTests
{
    private static readonly IPAddress Server = IPAddress.Parse("10.10.2.10");
    private static readonly IPAddress Server6 = IPAddress.Parse("fd00:2::10");
    private static readonly string[] Buckets = [.. Enumerable.Range(0, BucketHash.Buckets).Select(bucket => $"gw{(bucket % 3) + 1}")];

    [Theory]
    [InlineData("10.10.1.101")]
    [InlineData("10.10.1.102")]
    [InlineData("fd00:1::101")]
    public void The_owner_of_the_inside_addresss_bucket_whoever_opens_it(string host)
    {
        var (inside, outside) = (IPAddress.Parse(host), host.Contains(':', StringComparison.Ordinal) ? Server6 : Server);
        var owner = Buckets[BucketHash.Of(inside)];

        Assert.Equal(owner, Owners().Of(inside, outside));
        Assert.Equal(owner, Owners().Of(outside, inside));
    }

    [Fact]
    public void What_stays_on_one_side_leads_nowhere_or_is_kept_is_the_primarys()
    {
        // Its bucket is another unit's, so it is the rule that is seen.
        var inside = Enumerable.Range(1, 250).Select(each => IPAddress.Parse($"10.10.1.{each}")).First(each => Owned(each) == "gw2");
        var owners = Owners();

        Assert.Equal("gw2", owners.Of(inside, Server));
        Assert.Equal("gw1", owners.Of(inside, IPAddress.Parse("10.10.1.250")));
        Assert.Equal("gw1", owners.Of(inside, IPAddress.Parse("192.0.2.1")));
        Assert.Equal("gw1", (owners with { Kept = [new AddressPrefix(inside, 32)] }).Of(inside, Server));
        Assert.Equal("gw1", (owners with { Kept = [new AddressPrefix(Server, 24)] }).Of(inside, Server));
        Assert.Equal("gw1", (owners with { Buckets = [] }).Of(inside, Server));
    }

    private static string Owned(IPAddress address) => Buckets[BucketHash.Of(address)];

    private static FlowOwners Owners()
    {
        HashSet<IPAddress> inside =
        [
            .. Enumerable.Range(1, 250).Select(each => IPAddress.Parse($"10.10.1.{each}")),
            IPAddress.Parse("fd00:1::101"),
        ];
        return new FlowOwners("gw1", Buckets, [], inside, new HashSet<IPAddress> { Server, Server6 });
    }
}
