using Xunit;

namespace Hitless.Core.Tests.Memory;

public sealed class AllocationCheckTests
{
    private object? kept;

    [Fact]
    public void What_allocates_each_time_is_found()
    {
        var found = Assert.ThrowsAny<Xunit.Sdk.XunitException>(() => Allocation.AssertNone(() => kept = new byte[24]));
        Assert.Contains("bytes allocated in each run: 48, ", found.Message);
    }

    [Fact]
    public void What_allocates_once_is_not() => Allocation.AssertNone(() => kept ??= new byte[24]);
}
