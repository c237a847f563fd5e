using Hitless.Core.Api;
using Hitless.Daemon.Tests.Sessions;
using Hitless.Lab.Network;
using Hitless.Lab.Tests.Clusters;
using Hitless.Lab.Tests.Machine;
using Hitless.Lab.Tools;
using Hitless.Lab.Units;
using Xunit;

namespace Hitless.Lab.Tests.Scenarios;

public sealed class ProtocolTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Scenarios]
    [InlineData(false)]
    [InlineData(true, Explicit = true)]
    public async Task Programs_of_every_protocol_go_on_and_open_anew_after_a_switch(bool powerOff)
    {
        Prerequisites.NeedPrograms("lftp", "vsftpd", "sipp", "tftp", "in.tftpd");
        using var cluster = await LabCluster.ReadyAsync();
        foreach (var unit in cluster.Plan.Units)
        {
            // A session that is busy for longer than this outlives its timeout; who becomes primary next reads it.
            Tool.Run(
                "ip",
                [
                    "netns",
                    "exec",
                    cluster.Plan.NamespaceOf(unit),
                    "sysctl",
                    "-q",
                    "-w",
                    "net.netfilter.nf_conntrack_udp_timeout=8",
                    "net.netfilter.nf_conntrack_udp_timeout_stream=8",
                ]
            );
        }

        await SwitchAsync(cluster, powerOff: false);
        using var guests = new GuestPrograms(cluster.Plan);
        var (client, server) = (cluster.Plan.NamespaceOf(LabPlan.Client), cluster.Plan.NamespaceOf(LabPlan.Server));
        using var marked = Conversation.Tcp("with mark and label", client, server, Addresses.Server, 9004);
        using var zoned = Conversation.Tcp("in a zone", client, server, Addresses.Server, 9005, source: "10.10.1.104");
        using var old = Conversation.Udp("UDP older than its timeout", client, server, Addresses.Server, 9006);
        var passive = guests.Ftp("10.10.1.201", passive: true);
        var active = guests.Ftp("10.10.1.202", passive: false);
        var calls = guests.Calls("10.10.1.203");
        var ping = guests.Ping(seconds: 20);
        foreach (var ftp in (Guest[])[passive, active])
        {
            await ftp.UntilSaidAsync("RETR medium", Patience, Cancellation);
        }

        // Longer than the timeout: what the standby holds of it was told again without an event.
        for (var i = 0; i < 100; i++)
        {
            old.Exchange();
            await Task.Delay(100, Cancellation);
        }

        var tftp = guests.Tftp("big");
        marked.Exchange();
        zoned.Exchange();
        await SwitchAsync(cluster, powerOff);

        old.Exchange(farBegins: true);
        marked.Exchange(farBegins: true);
        marked.Exchange();
        zoned.Exchange(farBegins: true);
        zoned.Exchange();
        foreach (var ftp in (Guest[])[passive, active])
        {
            var said = await ftp.EndsWellAsync(Patience, Cancellation);
            Assert.Contains("\n3000000\n", said, StringComparison.Ordinal);
            Assert.Contains("\nsmall\n", said, StringComparison.Ordinal);
            // One control connection and two data channels, and no second try.
            Assert.Equal(2, said.Split("---- Connecting to").Length);
        }

        await tftp.EndsWellAsync(Patience, Cancellation);
        guests.AssertWhole("big");
        await guests.Tftp("small").EndsWellAsync(Patience, Cancellation);
        guests.AssertWhole("small");
        LabCluster.Say(
            (await ping.EndsWellAsync(Patience, Cancellation))
                .Split('\n')
                .First(line => line.Contains("received", StringComparison.Ordinal))
        );
        await calls.EndsWellAsync(Patience, Cancellation);
    }

    private static async Task SwitchAsync(LabCluster cluster, bool powerOff)
    {
        var primary = (await cluster.UntilReadyAsync()).Primary!;
        if (!powerOff)
        {
            Assert.NotNull(cluster.Watch.Cli(primary).Ask<SwitchoverResult>(out var why, "switchover"));
            return;
        }

        var standby = cluster.Plan.Units.Single(unit => unit != primary);
        Faults.PowerOff(cluster.Unit(primary));
        await cluster.Watch.UntilAsync(
            $"{standby} is primary",
            Patience,
            seen => seen[standby]?.Primary == standby ? null : "not yet",
            Cancellation
        );
    }
}
