using Hitless.Lab.Machine;
using Hitless.Lab.Tests.Clusters;
using Hitless.Lab.Tools;
using Xunit;

namespace Hitless.Lab.Tests.Machine;

public sealed class MachineWatchTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task A_processor_that_runs_nothing_is_noticed()
    {
        Prerequisites.NeedRoot();
        using var watch = new MachineWatch();
        await watch.Watching;
        var began = DateTimeOffset.UtcNow;

        // Nothing of ours can stop a processor; stopping the watchers looks the same to them.
        Tool.Run("kill", ["-STOP", $"{watch.ProcessId}"]);
        await Task.Delay(TimeSpan.FromMilliseconds(300), TestContext.Current.CancellationToken);
        Tool.Run("kill", ["-CONT", $"{watch.ProcessId}"]);

        await LabCluster.UntilAsync("a standstill is told", () => watch.Since(began).Any(seen => seen.Milliseconds >= 250));
        Assert.All(watch.Since(began), seen =>
            Assert.InRange(seen.Milliseconds, Standstill.Least.TotalMilliseconds, Limit.TotalMilliseconds)
        );
    }
}
