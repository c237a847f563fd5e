using System.Diagnostics;
using System.Globalization;
using Hitless.Core.Firmware;
using Hitless.Daemon.Tests.Firmware;
using Hitless.Firmware.Slots;
using Hitless.Linux.Processes;
using Xunit;

namespace Hitless.Daemon.Tests.Boot;

/// <summary>The real hitless-boot, with a script as hitlessd, is replaced by another one while it runs.</summary>
public sealed class OwnProgramTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private readonly Workshop workshop = new();
    private readonly SlotStore slots;

    public OwnProgramTests()
    {
        slots = new SlotStore(workshop.State);
        Assert.True(SemanticVersion.TryParse("1.0.0", out var version));
        slots.Write(BootRules.Installed(BootState.Empty, Slot.A, version, "old"));
        Directory.CreateDirectory(slots.FolderOf(Slot.A));
        Workshop.WriteScript(
            Path.Combine(slots.FolderOf(Slot.A), "hitlessd"),
            $"echo \"start $$ $PPID ${{HITLESS_ADOPT:-nobody}}\" >>{Diary}; trap 'echo stop >>{Diary}; exit 0' TERM; "
                + "while :; do sleep 0.05; done"
        );
    }

    private string Diary => workshop.PathOf("diary");

    private string Log => workshop.PathOf("log");

    public void Dispose() => workshop.Dispose();

    [Fact]
    public async Task A_newer_program_takes_the_place_of_the_old_one_and_the_daemon_goes_on()
    {
        using var boot = Start();
        await UntilAsync(() => Read(Diary).StartsWith("start", StringComparison.Ordinal));
        for (var times = 1; times <= 2; times++)
        {
            Assert.True(Signal.TrySend(boot.Id, Signal.User2));
            await UntilAsync(() => Read(Log).Split("goes on with hitlessd of slot a").Length == times + 1);
        }

        // The same process, which knows its child: it hands a stop on, waits for it, and ends well.
        Assert.Equal($"start {Daemon()} {boot.Id} nobody", Read(Diary).Trim());
        Assert.True(Signal.TrySend(boot.Id, Signal.Terminate));
        await boot.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(Patience, TestContext.Current.CancellationToken);
        Assert.Equal(0, boot.ExitCode);
        Assert.EndsWith("stop\n", Read(Diary), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_daemon_that_was_taken_over_is_started_again_when_it_is_killed()
    {
        using var boot = Start();
        await UntilAsync(() => Read(Diary).StartsWith("start", StringComparison.Ordinal));
        Signal.TrySend(boot.Id, Signal.User2);
        await UntilAsync(() => Read(Log).Contains("goes on with hitlessd", StringComparison.Ordinal));
        Signal.TrySend(Daemon(), 9);
        await UntilAsync(() => Read(Diary).Split("start").Length == 3);
        Assert.Contains("exited with code 137", Read(Log));
        Signal.TrySend(boot.Id, Signal.Terminate);
        await boot.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(Patience, TestContext.Current.CancellationToken);
        Assert.Equal(0, boot.ExitCode);
    }

    [Fact]
    public async Task A_program_that_does_not_start_here_takes_nobody_s_place()
    {
        var copy = workshop.PathOf("boot");
        Directory.CreateDirectory(copy);
        foreach (var file in Directory.GetFiles(AppContext.BaseDirectory, "*", SearchOption.TopDirectoryOnly))
        {
            File.Copy(file, Path.Combine(copy, Path.GetFileName(file)));
        }

        using var boot = Start(Path.Combine(copy, "hitless-boot"));
        await UntilAsync(() => Read(Diary).StartsWith("start", StringComparison.Ordinal));
        var broken = Path.Combine(copy, "broken");
        Workshop.WriteScript(broken, "exit 3");
        File.Move(broken, Path.Combine(copy, "hitless-boot"), overwrite: true);
        Signal.TrySend(boot.Id, Signal.User2);
        await UntilAsync(() => Read(Log).Contains("--version ended with 3", StringComparison.Ordinal));
        Assert.False(boot.HasExited);
        Signal.TrySend(boot.Id, Signal.Terminate);
        await boot.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(Patience, TestContext.Current.CancellationToken);
        Assert.EndsWith("stop\n", Read(Diary), StringComparison.Ordinal);
    }

    private Process Start(string? program = null)
    {
        program ??= Path.Combine(AppContext.BaseDirectory, "hitless-boot");
        return Process.Start("/bin/sh", ["-c", $"exec \"$0\" --state \"$1\" 2>>\"$2\"", program, workshop.State, Log])!;
    }

    private int Daemon() => int.Parse(Read(Diary).Split(' ', '\n')[1], CultureInfo.InvariantCulture);

    private static string Read(string file) => File.Exists(file) ? File.ReadAllText(file) : "";

    private async Task UntilAsync(Func<bool> so)
    {
        for (var until = Stopwatch.GetTimestamp(); !so(); await Task.Delay(20, TestContext.Current.CancellationToken))
        {
            Assert.True(Stopwatch.GetElapsedTime(until) < Patience, Read(Log) + Read(Diary));
        }
    }
}
