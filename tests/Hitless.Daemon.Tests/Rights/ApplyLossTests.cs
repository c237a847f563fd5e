using System.Text;
using Hitless.Core.Api;
using Hitless.Core.Configuration;
using Hitless.Core.Rights;
using Hitless.Core.Roles;
using Hitless.Core.Wire;
using Hitless.Daemon.Configuration;
using Hitless.Daemon.Rights;
using Hitless.Daemon.Tests.Configuration;
using Hitless.Linux.Sockets;
using Xunit;

namespace Hitless.Daemon.Tests.Rights;

/// <summary>A process of hitless-apply ends, and the next one takes over the same end of the pair.</summary>
public sealed class ApplyLossTests : IDisposable
{
    private static readonly TimeSpan Plenty = TimeSpan.FromSeconds(20);
    private readonly string folder = Directory.CreateTempSubdirectory("hitless-loss-").FullName;
    private readonly PacketChannel theirs;
    private readonly PacketChannel ours;
    private readonly ApplyClient client;
    private ApplyServer? server;
    private Thread? running;

    public ApplyLossTests()
    {
        (ours, theirs) = PacketChannel.Pair();
        client = new ApplyClient(ours, folder);
        File.WriteAllText(Managed, "still there");
    }

    private string Managed => Path.Combine(folder, "managed.conf");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        client.Dispose();
        Assert.True(running?.Join(Plenty) ?? true, "hitless-apply does not end with hitlessd");
        server?.Dispose();
        theirs.Dispose();
        ours.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task What_it_had_begun_and_what_it_had_not_read_has_failed_and_is_not_done_by_the_next_one()
    {
        Say(1, new ApplyAnswer.Ready());
        var begun = client.ProbeAsync("true", Plenty, Cancel);
        Assert.IsType<ApplyRequest.RunProbe>(Hear());
        var unread = Task.Run(() => Assert.Throws<ManagedFileException>(() => client.Delete(Managed)), Cancel);
        await UntilWaitingAsync();

        // The next one: it finds in the socket what the one before has left there.
        Start(2);

        Assert.False((await begun.WaitAsync(Plenty, Cancel)).Ran);
        await unread.WaitAsync(Plenty, Cancel);
        Assert.Equal("still there", Encoding.UTF8.GetString(client.Read(Managed).Content!));
    }

    [Fact]
    public async Task What_is_asked_while_there_is_none_waits_for_the_next_one()
    {
        var asked = Task.Run(() => client.Read(Managed), Cancel);
        Start(1);
        Assert.Equal("still there", Encoding.UTF8.GetString((await asked.WaitAsync(Plenty, Cancel)).Content!));
    }

    [Fact]
    public async Task What_is_asked_of_one_that_hangs_has_an_end()
    {
        Say(1, new ApplyAnswer.Ready());
        var answer = await client.ProbeAsync("true", TimeSpan.Zero, Cancel).WaitAsync(Plenty, Cancel);
        Assert.Equal((false, "hitless-apply does not answer"), (answer.Ran, answer.Why));
        Assert.IsType<ApplyRequest.RunProbe>(Hear());

        // Should it ever go on, it is not to run what nobody waits for.
        Assert.IsType<ApplyRequest.Stop>(Hear());
    }

    private void Start(byte generation)
    {
        var unitFile = Path.Combine(folder, "unit.yaml");
        File.WriteAllText(unitFile, UnitFileTests.Minimal);
        var settings = UnitFileTests.Read(UnitFileTests.Minimal) with { Files = [new(Managed, null, null)] };
        var allowed = new AllowList(settings, new ClusterFileHere(unitFile, folder), head: null, targets: false);
        server = new ApplyServer(theirs, allowed, new ApplyActs(unitFile, folder, settings), generation, TextWriter.Null);
        running = new Thread(server.Run) { IsBackground = true };
        running.Start();
    }

    private void Say(byte generation, ApplyAnswer answer) =>
        Assert.True(theirs.TrySend(ApplyPackets.Split(ApplyGeneration.IdOf(generation, 0), ApplyCodec.Encode(answer)).Single(), Plenty));

    /// <summary>The next request; whether anybody is there is asked all the time.</summary>
    private ApplyRequest Hear() => HearAny() is var request and not ApplyRequest.Ping ? request : Hear();

    private ApplyRequest HearAny()
    {
        var buffer = new byte[ApplyPackets.PacketMaxBytes];
        var length = theirs.Receive(buffer);
        Assert.True(new PacketAssembler().TryTake(buffer.AsSpan(0, length), out _, out var message));
        Assert.True(ApplyCodec.TryRead(message, out ApplyRequest? request));
        return request;
    }

    /// <summary>A request lies in the socket that nobody has read.</summary>
    private async Task UntilWaitingAsync()
    {
        for (var until = DateTimeOffset.UtcNow + Plenty; !theirs.HasPacket; await Task.Delay(5, Cancel))
        {
            Assert.True(DateTimeOffset.UtcNow < until, "nothing was sent");
        }
    }
}
