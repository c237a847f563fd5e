using Hitless.Core.Cluster;
using Xunit;

namespace Hitless.Core.Tests.Cluster;

public sealed class DryRunTests
{
    [Fact]
    public void It_goes_through_an_election_a_switch_and_a_takeover() => Assert.Equal(["b", "a", "b"], DryRun.Live());
}
