using System.Text.Json;
using Hitless.Core.Api;
using Hitless.Daemon.Tests.Api;
using Xunit;

namespace Hitless.Daemon.Tests.Cli;

public sealed class FollowTests
{
    private static readonly string[] Milestones =
    [
        "[1/3] step0 gw2 done in 1.0 s",
        "[2/3] step1 gw2 done in 1.0 s",
        "[3/3] step2 gw2 done in 1.0 s",
    ];

    [Fact]
    public async Task A_run_is_followed_to_its_end_and_each_step_is_said_once()
    {
        await using var bench = await ApiBench.StartAsync();
        bench.Unit.Watched.Enqueue([
            Samples.Run(RunState.Running, 0, StepResult.Running),
            Samples.Run(RunState.Running, 1, StepResult.Running),
            Samples.Run(RunState.Running, 1, StepResult.Running),
            Samples.Run(RunState.Completed, 3),
        ]);
        var ran = await bench.HitlessAsync("upgrade", "start", "f00d");
        Assert.Equal((0, ""), (ran.Code, ran.Error));
        Assert.Equal(["start f00d False", "watch r1", "run report r1"], bench.Unit.Asked);
        Assert.Equal(Milestones, ran.Output.Split('\n').Where(line => line.StartsWith('[')));
        Assert.Contains("longest gap: 12 ms between two primaries", ran.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_stream_that_breaks_is_opened_again_and_no_step_is_said_twice()
    {
        await using var bench = await ApiBench.StartAsync();
        bench.Unit.Watched.Enqueue([Samples.Run(RunState.Running, 1)]);
        bench.Unit.Watched.Enqueue([Samples.Run(RunState.Running, 1), Samples.Run(RunState.Running, 2)]);
        bench.Unit.Watched.Enqueue([Samples.Run(RunState.Completed, 3)]);
        var ran = await bench.HitlessAsync("upgrade", "watch");
        Assert.Equal((0, ""), (ran.Code, ran.Error));
        Assert.Equal(Milestones, ran.Output.Split('\n').Where(line => line.StartsWith('[')));
    }

    // The upgrade restarts the very daemon that is asked.
    [Fact]
    public async Task The_daemon_may_restart_in_the_middle_of_a_run()
    {
        await using var bench = await ApiBench.StartAsync();
        bench.Unit.Watched.Enqueue([Samples.Run(RunState.Running, 1)]);
        var following = bench.HitlessAsync("upgrade", "start", "f00d");
        await bench.Unit.Told.Task;
        await bench.StopHostAsync();
        bench.Unit.Watched.Enqueue([Samples.Run(RunState.Completed, 3)]);
        await bench.StartHostAsync();
        var ran = await following;
        Assert.Equal((0, ""), (ran.Code, ran.Error));
        Assert.Equal(Milestones, ran.Output.Split('\n').Where(line => line.StartsWith('[')));
    }

    [Fact]
    public async Task A_unit_that_was_not_heard_in_the_end_is_not_said_to_run_anything()
    {
        await using var bench = await ApiBench.StartAsync();
        bench.Unit.Verdict = RunState.Failed;
        bench.Unit.Watched.Enqueue([Samples.Run(RunState.RolledBack, 2)]);
        var ran = await bench.HitlessAsync("upgrade", "start", "f00d");
        Assert.Contains("gw2: 1.0.0 (slot a) → not known, it was not heard", ran.Output, StringComparison.Ordinal);
        Assert.Contains("every unit that is there runs 1.0.0 as before", ran.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_run_that_was_rolled_back_is_exit_code_4_with_the_reason()
    {
        await using var bench = await ApiBench.StartAsync();
        bench.Unit.Verdict = RunState.RolledBack;
        bench.Unit.Watched.Enqueue([Samples.Run(RunState.RolledBack, 2)]);
        var ran = await bench.HitlessAsync("--json", "upgrade", "start", "f00d");
        Assert.Equal(4, ran.Code);
        Assert.Equal(
            "hitless: the run was rolled back: gw2 did not come back in time\n  every unit runs 1.0.0 as before; hitless upgrade "
                + "report r1 has the details\n",
            ran.Error
        );
        using var report = JsonDocument.Parse(ran.Output);
        Assert.Equal("rolled-back", report.RootElement.GetProperty("verdict").GetString());
    }

    [Fact]
    public async Task A_rollback_that_was_asked_for_is_done()
    {
        await using var bench = await ApiBench.StartAsync();
        bench.Unit.Verdict = RunState.RolledBack;
        bench.Unit.Watched.Enqueue([Samples.Run(RunState.RollingBack, 1), Samples.Run(RunState.RolledBack, 2)]);
        Assert.Equal(0, (await bench.HitlessAsync("upgrade", "rollback")).Code);
    }

    [Fact]
    public async Task A_failed_run_is_exit_code_1()
    {
        await using var bench = await ApiBench.StartAsync();
        bench.Unit.Verdict = RunState.Failed;
        bench.Unit.Watched.Enqueue([Samples.Run(RunState.Failed, 2)]);
        var ran = await bench.HitlessAsync("upgrade", "watch");
        Assert.Equal(1, ran.Code);
        Assert.StartsWith("hitless: the run failed: gw2 did not come back in time\n", ran.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_guided_run_is_followed_to_its_next_gate()
    {
        await using var bench = await ApiBench.StartAsync();
        bench.Unit.Watched.Enqueue([Samples.Run(RunState.Running, 1), Samples.Run(RunState.Waiting, 1)]);
        var ran = await bench.HitlessAsync("upgrade", "start", "f00d", "--guided");
        Assert.Equal((0, ""), (ran.Code, ran.Error));
        Assert.EndsWith("waiting: copying\nopen the gate with: hitless upgrade next\n", ran.Output, StringComparison.Ordinal);

        bench.Unit.Watched.Enqueue([Samples.Run(RunState.Running, 2), Samples.Run(RunState.Completed, 3)]);
        Assert.Equal(0, (await bench.HitlessAsync("upgrade", "next")).Code);
    }

    [Fact]
    public async Task Without_any_run_there_is_nothing_to_watch()
    {
        await using var bench = await ApiBench.StartAsync();
        var ran = await bench.HitlessAsync("upgrade", "watch");
        Assert.Equal((1, "hitless: there was no run yet\n  hitless upgrade start IMAGE\n"), (ran.Code, ran.Error));
    }

    [Fact]
    public async Task A_file_is_uploaded_before_the_run_starts()
    {
        await using var bench = await ApiBench.StartAsync();
        await File.WriteAllTextAsync(bench.File("i.hli"), "an image", TestContext.Current.CancellationToken);
        bench.Unit.Watched.Enqueue([Samples.Run(RunState.Completed, 3)]);
        Assert.Equal(0, (await bench.HitlessAsync("upgrade", "start", bench.File("i.hli"))).Code);
        Assert.Equal(["upload", $"start {bench.Unit.UploadedHash} False"], bench.Unit.Asked[..2]);
        Assert.Equal(1, (await bench.HitlessAsync("upgrade", "start", bench.File("other.hli"))).Code);
    }

    [Fact]
    public async Task A_cluster_that_is_not_ready_fails_the_check_with_the_remedy()
    {
        await using var bench = await ApiBench.StartAsync();
        bench.Unit.Ready = false;
        var ran = await bench.HitlessAsync("upgrade", "check", "f00d", "--json");
        Assert.Equal((1, "hitless: the cluster is not ready: 1 MB is free on gw2\n  free 30 MB on gw2\n"), (ran.Code, ran.Error));
        using var check = JsonDocument.Parse(ran.Output);
        Assert.False(check.RootElement.GetProperty("ready").GetBoolean());
    }

    [Fact]
    public async Task Ctrl_c_leaves_the_run_alone_and_says_so()
    {
        await using var bench = await ApiBench.StartAsync();
        bench.Unit.Watched.Enqueue([Samples.Run(RunState.Running, 1)]);
        using var ctrlC = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        await using var output = new StringWriter();
        var following = bench.HitlessAsync(output, ctrlC.Token, "upgrade", "start", "f00d");
        await bench.Unit.Told.Task;
        await ctrlC.CancelAsync();
        var ran = await following;
        Assert.Equal(
            (1, "hitless: interrupted; what the unit has begun goes on there\n  see hitless status and hitless upgrade status\n"),
            (ran.Code, ran.Error)
        );
        Assert.DoesNotContain("abort", bench.Unit.Asked);
    }
}
