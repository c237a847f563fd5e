using System.Net;
using System.Net.Sockets;
using Hitless.Core.Api;
using Hitless.Core.Configuration;
using Hitless.Daemon.Common;
using Hitless.Daemon.Configuration;
using Hitless.Daemon.Health;
using Hitless.Daemon.Tests.Configuration;
using Xunit;

namespace Hitless.Daemon.Tests.Health;

public sealed class ProbeLoopTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("hitless-probes").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task A_standby_does_not_count_a_target_that_it_reaches_from_a_virtual_address_only_and_a_primary_does()
    {
        // Nobody listens there: who asks, misses.
        using var nobody = new TcpListener(IPAddress.Loopback, 0);
        nobody.Start();
        var target = (IPEndPoint)nobody.LocalEndpoint;
        nobody.Stop();
        using var events = new EventLog(folder, "gw1");
        var work = new OwnRootWork(folder, UnitFileTests.Read(UnitFileTests.Minimal));
        var penalties = new System.Collections.Concurrent.ConcurrentQueue<int>();
        ProbeSettings[] probes = [new("upstream", new ProbeTarget.Tcp(target), TimeSpan.FromMilliseconds(20), FailAfter: 2)];
        await using var loop = new ProbeLoop(probes, threshold: 1, [IPAddress.Loopback], penalties.Enqueue, events, work);

        await UntilAsync(() => loop.Status()[0].Detail is not null);
        Assert.Equal(ProbeResult.Unknown, loop.Status()[0].Result);
        Assert.Contains("virtual address 127.0.0.1", loop.Status()[0].Detail, StringComparison.Ordinal);
        Assert.Empty(penalties);

        loop.Primary = true;
        await UntilAsync(() => loop.Status()[0].Result == ProbeResult.Failing);
        Assert.Equal([1], penalties);

        loop.Primary = false;
        await UntilAsync(() => loop.Status()[0].Result == ProbeResult.Unknown);
        Assert.Equal([1, 0], penalties);
    }

    private static async Task UntilAsync(Func<bool> condition)
    {
        for (var i = 0; i < 1000 && !condition(); i++)
        {
            await Task.Delay(10, TestContext.Current.CancellationToken);
        }

        Assert.True(condition());
    }
}
