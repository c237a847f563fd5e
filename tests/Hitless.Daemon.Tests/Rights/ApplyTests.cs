using System.Text;
using Hitless.Core.Api;
using Hitless.Core.Configuration;
using Hitless.Core.Rights;
using Hitless.Core.Roles;
using Hitless.Daemon.Configuration;
using Hitless.Daemon.Health;
using Hitless.Daemon.Rights;
using Hitless.Daemon.Tests.Configuration;
using Hitless.Linux.Processes;
using Hitless.Linux.Sockets;
using Xunit;

namespace Hitless.Daemon.Tests.Rights;

/// <summary>Both ends of the pair in one process: what hitlessd asks, what hitless-apply does, and what it refuses.</summary>
public sealed class ApplyTests : IDisposable
{
    private static readonly TimeSpan Plenty = TimeSpan.FromSeconds(20);
    private readonly string folder = Directory.CreateTempSubdirectory("hitless-apply-").FullName;
    private readonly StringWriter log = new();
    private readonly PacketChannel theirs;
    private readonly PacketChannel ours;
    private readonly ApplyClient client;
    private readonly UnitSettings settings;
    private readonly ApplyServer applying;
    private readonly Thread server;

    public ApplyTests()
    {
        File.WriteAllText(Path.Combine(folder, "unit.yaml"), UnitFileTests.Minimal);
        settings = UnitFileTests.Read(UnitFileTests.Minimal) with
        {
            Files = [new(Managed, Check, Apply)],
            Hooks = new HookSettings(Hook, "sleep 100", null, null, TimeSpan.FromSeconds(10)),
            Health = [new("lease", new ProbeTarget.Exec("echo all well"), TimeSpan.FromSeconds(1), 3)],
        };
        (ours, theirs) = PacketChannel.Pair();
        client = new ApplyClient(ours, folder);
        var allowed = new AllowList(settings, new ClusterFileHere(Path.Combine(folder, "unit.yaml"), folder), head: null, targets: false);
        var acts = new ApplyActs(Path.Combine(folder, "unit.yaml"), folder, settings);
        applying = new ApplyServer(theirs, allowed, acts, 1, TextWriter.Synchronized(log));
        server = new Thread(applying.Run) { IsBackground = true };
        server.Start();
    }

    private string Managed => Path.Combine(folder, "managed.conf");

    private static string Check => "! grep -q bad {file}";

    private static string Apply => "cat {file} > {file}.applied";

    private string Hook => $"echo $HITLESS_ROLE $HITLESS_EPOCH $HITLESS_UNIT > {folder}/hook";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        client.Dispose();
        Assert.True(server.Join(Plenty), "hitless-apply does not end with hitlessd");
        applying.Dispose();
        theirs.Dispose();
        ours.Dispose();
        log.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task A_managed_file_is_checked_written_applied_and_taken_away()
    {
        Assert.Null(client.Read(Managed).Content);
        var large = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("0123456789abcde\n", 1 << 17)));

        Assert.Null((await client.RunAsync(new FileCommand(FileCommandKind.Check, Managed, Check, large), Plenty, Cancel)).Why);
        var bad = await client.RunAsync(new FileCommand(FileCommandKind.Check, Managed, Check, "bad"u8.ToArray()), Plenty, Cancel);
        await client.WriteAsync(new FileBefore(Managed, large, "0640"), Plenty);
        Assert.Null((await client.RunAsync(new FileCommand(FileCommandKind.Apply, Managed, Apply), Plenty, Cancel)).Why);

        Assert.Equal("exit code 1", bad.Why);
        var read = client.Read(Managed);
        Assert.Equal(("0640", true), (read.Mode, read.Content.AsSpan().SequenceEqual(large)));
        Assert.Equal(large, File.ReadAllBytes(Managed + ".applied"));
        client.Delete(Managed);
        Assert.False(File.Exists(Managed));
    }

    [Fact]
    public async Task What_is_not_listed_is_refused_and_logged()
    {
        var victim = Path.Combine(folder, "victim");
        Assert.Throws<ManagedFileException>(() => client.Read("/etc/shadow"));
        await Assert.ThrowsAsync<ManagedFileException>(() => client.WriteAsync(new FileBefore(victim, [1], null), Plenty));
        Assert.Throws<ManagedFileException>(() => client.Delete(Managed + ".applied"));
        CommandOutcome[] outcomes =
        [
            await client.RunAsync(new FileCommand(FileCommandKind.Apply, Managed, $"touch {victim}"), Plenty, Cancel),
            await client.RunAsync(new FileCommand(FileCommandKind.Check, Managed, $"touch {victim}", [1]), Plenty, Cancel),
            await client.RunAsync(new RoleTask.Hook(ServiceRoleWord.Stop, $"touch {victim}"), Change, _ => { }, Cancel),
            await client.RunAsync(new RoleTask.Systemctl("start", ["ssh.service"]), Change, _ => { }, Cancel),
            await client.ProbeAsync($"touch {victim}", Plenty, Cancel),
        ];

        Assert.All(outcomes, outcome => Assert.StartsWith("was refused: ", outcome.Why, StringComparison.Ordinal));
        Assert.False(File.Exists(victim));
        Assert.Equal(3 + outcomes.Length, log.ToString().Split("hitless-apply: refused: ").Length - 1);
    }

    [Theory]
    [InlineData("../../etc/shadow")]
    [InlineData("0000000000000000000000000000000000000000000000000000000000000000")]
    public async Task An_image_that_is_not_in_the_store_is_not_run(string hash)
    {
        var answer = await client.AskAsync(image: null!, hash, new ConversionQuestion("", [], []), revision: null, Cancel);
        Assert.NotNull(answer.Failure);
    }

    [Fact]
    public void A_recipe_that_lies_in_no_slot_is_not_followed()
    {
        var recipe = new Core.Firmware.SystemRecipe("all", $"touch {folder}/victim");
        Assert.NotNull(client.Run(RecipeAct.Install, recipe, Core.Firmware.Slot.A, unpacking: false));
        Assert.False(File.Exists(Path.Combine(folder, "victim")));
    }

    [Fact]
    public async Task A_hook_is_told_of_the_role_and_its_process_is_named()
    {
        var process = 0;
        var outcome = await client.RunAsync(new RoleTask.Hook(ServiceRoleWord.Primary, Hook), Change, id => process = id, Cancel);
        Assert.Equal((null, $"primary 7 {settings.Unit.Name}\n"), (outcome.Why, File.ReadAllText(Path.Combine(folder, "hook"))));
        Assert.NotEqual(0, process);
    }

    [Fact]
    public async Task A_hook_that_is_stopped_is_killed()
    {
        using var kill = new CancellationTokenSource();
        var started = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);
        var running = client.RunAsync(new RoleTask.Hook(ServiceRoleWord.Standby, "sleep 100"), Change, started.SetResult, kill.Token);
        var process = await started.Task.WaitAsync(Plenty, Cancel);
        Assert.NotNull(ProcessStart.Of(process));

        await kill.CancelAsync();

        Assert.Equal("was stopped", (await running.WaitAsync(Plenty, Cancel)).Why);
        Assert.Null(ProcessStart.Of(process));
    }

    [Fact]
    public async Task A_probe_says_what_its_command_says() =>
        Assert.Equal(new CommandOutcome(null, "all well"), await client.ProbeAsync("echo all well", Plenty, Cancel));

    [Fact]
    public async Task Junk_from_hitlessd_is_refused_and_the_next_request_is_answered()
    {
        var random = new Random(7);
        for (var round = 0; round < 2000; round++)
        {
            var junk = new byte[1 + random.Next(200)];
            random.NextBytes(junk);
            Assert.True(ours.TrySend(junk, Plenty));
            Assert.True(ours.TrySend(ApplyPackets.Split(ApplyGeneration.IdOf(1, 0xffffff), junk).First(), Plenty));
        }

        Assert.Equal("all well", (await client.ProbeAsync("echo all well", Plenty, Cancel)).Output);
    }

    [Fact]
    public async Task Where_hitless_apply_has_ended_for_good_everything_fails_in_words_and_probes_do_not_count()
    {
        theirs.Shutdown();
        await UntilAsync(() => client.Problem is not null);
        Assert.Contains("systemctl reload hitless", client.Problem, StringComparison.Ordinal);
        var answer = await ProbeQuestion.AskAsync(new ProbeTarget.Exec("echo all well"), Plenty, client, Cancel);
        Assert.True(answer.Well);
        Assert.Contains("does not count", answer.Detail, StringComparison.Ordinal);
        Assert.Contains("hitless-apply does not answer", Assert.Throws<ManagedFileException>(() => client.Read(Managed)).Message);
    }

    private static RoleChange Change => new(ServiceRole.Primary, 7, "priority");

    private static async Task UntilAsync(Func<bool> reached)
    {
        for (var until = DateTimeOffset.UtcNow + Plenty; !reached(); await Task.Delay(20, Cancel))
        {
            Assert.True(DateTimeOffset.UtcNow < until, "waited in vain");
        }
    }
}
