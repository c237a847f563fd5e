using Hitless.Linux.Native;

namespace Hitless.Linux.Tests.Scheduling;

public sealed class KernelReleaseTests
{
    [Theory]
    [InlineData("5.15.0-91-generic", true)]
    [InlineData("6.0.19", true)]
    [InlineData("4.18.0-553.el8.x86_64", true)]
    [InlineData("6.1.0-18-amd64", false)]
    [InlineData("6.8.0", false)]
    [InlineData("10.0", false)]
    [InlineData("unknown", false)]
    public void A_kernel_that_cannot_mute_a_standby_is_refused_by_its_name(string release, bool refused) =>
        Assert.Equal(refused, KernelRelease.Refuse(release)?.Contains(release, StringComparison.Ordinal) ?? false);
}
