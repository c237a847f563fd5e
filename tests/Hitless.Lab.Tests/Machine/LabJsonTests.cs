using Hitless.Core.Api;
using Hitless.Lab.Network;
using Hitless.Lab.Tools;
using Xunit;

namespace Hitless.Lab.Tests.Machine;

public sealed class LabJsonTests
{
    [Fact]
    public void Every_record_of_the_lab_can_be_written_and_read()
    {
        Assert.Empty(RoundTrip.Problems(LabRecords.Default, out var count));
        Assert.True(count > 12, $"{count} records only");
    }

    [Fact]
    public void A_plan_is_read_as_it_was_written()
    {
        var plan = new LabPlan("lab", "/tmp/lab", "/bin", 2, 1, StaticRouter: true, "image", "trust")
        {
            DirectCable = true,
            DiskMegabytes = 64,
        };
        Assert.Equal(plan, LabJson.Read<LabPlan>(LabJson.WriteIndented(plan)));
    }
}
