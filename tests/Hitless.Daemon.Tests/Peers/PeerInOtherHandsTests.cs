using System.Net;
using Hitless.Core.Api;
using Hitless.Core.Cluster;
using Hitless.Core.Configuration;
using Hitless.Core.Keys;
using Hitless.Core.Upgrade;
using Hitless.Core.Wire;
using Hitless.Daemon.Common;
using Hitless.Daemon.Configuration;
using Hitless.Daemon.Peers;
using Hitless.Daemon.Tests.Configuration;
using Hitless.Daemon.Upgrade;
using Xunit;

namespace Hitless.Daemon.Tests.Peers;

/// <summary>A client with the cluster's key over the units' own API: what it wants that no unit wants is refused, and named.</summary>
public sealed class PeerInOtherHandsTests : IAsyncLifetime
{
    private static readonly TimeSpan Plenty = TimeSpan.FromSeconds(30);
    private readonly PeerIdentity identity = new(new ClusterKeys(new ClusterKey(new byte[ClusterKey.Size])));
    private readonly Bench bench = new();
    private readonly BenchUnit unit;
    private readonly EventLog events;
    private readonly JournalStore journals;
    private readonly List<string> said = [];
    private readonly PeerServer server;
    private int steps;

    public PeerInOtherHandsTests()
    {
        unit = bench.Add("gw2", "one");
        events = new EventLog(unit.State, "gw2");
        journals = new JournalStore(unit.State, new StateDisk(unit.State, events));
        server = new PeerServer(identity, [new("lo", IPAddress.Loopback, [IPAddress.Loopback])], port: 0, said.Add, "gw2");
        server.Map(ConfigurationCalls.Ask, (ask, cancel) => unit.Service.Local.AnswerAsync(ask.Phase, ask.Revision, cancel));
        server.Map(UpgradeCalls.PutJournal, (document, _) =>
            journals.Put(document.Entries)
                ? Task.FromResult(new JournalAnswer(false))
                : throw new RefusedException("the journal is not whole", "look at the events")
        );
        server.Map(UpgradeCalls.Step, (_, _) =>
        {
            steps++;
            return Task.FromResult(new StepAnswer("done"));
        });
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        await unit.BecomePrimary();
        await server.StartAsync(Cancel);
    }

    public async ValueTask DisposeAsync()
    {
        await server.DisposeAsync();
        identity.Dispose();
        events.Dispose();
        bench.Dispose();
    }

    [Theory]
    [InlineData("/root/.ssh/authorized_keys", null, "/root/.ssh/authorized_keys is not listed")]
    [InlineData(Bench.B, "id > /run-by-peer", "the commands for /etc/b.conf are not those")]
    public async Task A_file_or_a_command_that_the_unit_does_not_list(string path, string? apply, string expected)
    {
        using var client = Client();
        var forged = RevisionIdentity.Next(
            unit.Service.Current,
            1,
            [new(path, [1], null, apply, null)],
            "mallory",
            "",
            DateTimeOffset.UnixEpoch
        );
        foreach (var phase in new[] { CommitPhase.Check, CommitPhase.Apply, CommitPhase.Verify })
        {
            var answer = await client.CallAsync("gw2", ConfigurationCalls.Ask, new CommitQuestion(phase, forged), Plenty, Cancel);
            Assert.False(answer.Ok);
            Assert.StartsWith(expected, answer.Why, StringComparison.Ordinal);
        }

        Assert.Equal((null, 1L), (unit.Disk(path), unit.Service.Current!.Number));
    }

    [Fact]
    public async Task A_step_of_a_run_that_is_meant_for_another_unit()
    {
        using var client = Client();
        var refused = await Assert.ThrowsAsync<PeerException>(() =>
            client.CallAsync("gw3", UpgradeCalls.Step, new StepRequest(RunStep.Revert, "r-1", "", "1.0.0", "gw1"), Plenty, Cancel)
        );
        Assert.Contains("this is gw2, and \"upgrade.step\" was meant for gw3", refused.Message, StringComparison.Ordinal);
        Assert.Equal(0, steps);
        Assert.Contains("127.0.0.1 asked this unit for \"upgrade.step\"", Assert.Single(said), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(Epoch.NumberMax + 1, 1, 1)]
    [InlineData(long.MaxValue, 1, 1)]
    [InlineData(-1, 1, 1)]
    [InlineData(1, long.MaxValue, 1)]
    [InlineData(1, -1, 1)]
    [InlineData(1, 1, -1)]
    public async Task A_journal_of_an_epoch_or_a_number_that_there_is_not(long epoch, long number, long sequence)
    {
        using var client = Client();
        var refused = await Assert.ThrowsAsync<PeerException>(() =>
            client.CallAsync("gw2", UpgradeCalls.PutJournal, new JournalDocument([Begin(epoch, number, sequence)]), Plenty, Cancel)
        );
        Assert.Equal(PeerFailureKind.Refused, refused.Kind);
        Assert.Empty(journals.Runs());
        await client.CallAsync("gw2", UpgradeCalls.PutJournal, new JournalDocument([Begin(1, 1, 1)]), Plenty, Cancel);
        Assert.Single(journals.Runs());
    }

    [Fact]
    public async Task Holes_where_something_must_be()
    {
        using var client = Client();
        var refused = await Assert.ThrowsAsync<PeerException>(() =>
            client.CallAsync("gw2", UpgradeCalls.PutJournal, new JournalDocument([Begin(1, 1, 1), null!]), Plenty, Cancel)
        );
        Assert.Contains("entries[1] is missing", refused.Message, StringComparison.Ordinal);
        refused = await Assert.ThrowsAsync<PeerException>(() =>
            client.CallAsync("gw2", ConfigurationCalls.Ask, new CommitQuestion(CommitPhase.Apply, null!), Plenty, Cancel)
        );
        Assert.Contains("revision is missing", refused.Message, StringComparison.Ordinal);
        Assert.Empty(said);
    }

    private PeerClient Client() => new(identity, _ => server.Listening);

    private static JournalEntry Begin(long epoch, long number, long sequence) => JournalSamples.Begin("r-1", epoch, sequence, number);
}
