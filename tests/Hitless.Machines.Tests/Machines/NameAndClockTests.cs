using Hitless.Lab.Demo;
using Hitless.Lab.Network;
using Hitless.Lab.Tools;
using Hitless.Lab.Units;
using Xunit;

namespace Hitless.Machines.Tests.Machines;

/// <summary>What a machine is told of the time and of itself, which no namespace has for its own: clock and host name.</summary>
public sealed class NameAndClockTests(EmulatedCluster cluster)
{
    [Theory]
    [InlineData("6.1")]
    public async Task Clocks_that_step_and_hosts_that_are_renamed_cost_no_packet_and_no_epoch(string kernel)
    {
        var (plan, watch, before) = await cluster.ReadyAsync(kernel);
        using var traffic = await EmulatedCluster.FlowingAsync(plan);

        // Ahead by a day, back beyond where it was, and to where the other one is.
        foreach (var unit in plan.Units)
        {
            foreach (var step in (string[])["+1 day", "-3 days", "+2 days"])
            {
                Run(unit, $"date -s \"$(date -d '{step}' '+%F %T')\"");
                await Task.Delay(TimeSpan.FromSeconds(5), TestContext.Current.CancellationToken);
            }

            Run(unit, $"hostname another-{unit}");
        }

        await Task.Delay(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);
        var report = await traffic.FinishAsync();
        foreach (var unit in plan.Units)
        {
            var after = watch.Status(unit, out var why);
            Assert.True(after is not null, why);
            Assert.Equal((before.Epoch, before.Primary, unit), (after.Epoch, after.Primary, after.Self));
        }

        Assert.Empty(DemoJudge.OfTraffic(report));

        void Run(string unit, string command)
        {
            var said = Tool.Try("ip", new LabUnit(plan, unit).Inside("sh", "-c", command), limit: TimeSpan.FromMinutes(1));
            Assert.True(said.Ok, said.Errors);
        }
    }
}
