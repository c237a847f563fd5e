using System.Diagnostics;
using Hitless.Core.Api;
using Hitless.Core.Configuration;
using Hitless.Core.Roles;
using Hitless.Daemon.Configuration;
using Hitless.Daemon.Roles;
using Hitless.Daemon.Tests.Configuration;
using Hitless.Linux.Processes;
using Xunit;

namespace Hitless.Daemon.Tests.Roles;

public sealed class RoleProcessTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("hitless-roles-").FullName;
    private readonly RoleProcess processes = new(new OwnRootWork("/nowhere", UnitFileTests.Read(UnitFileTests.Minimal)));

    [Fact]
    public async Task A_hook_is_told_all_by_its_environment()
    {
        var file = Path.Combine(folder, "said");

        Assert.Null(await RunAsync($"echo \"$HITLESS_ROLE|$HITLESS_EPOCH|$HITLESS_REASON|$HITLESS_UNIT|$HITLESS_CLUSTER\" > {file}"));

        Assert.Equal("primary|7|priority 200 > 100, 'at once'|gw1|edge\n", File.ReadAllText(file));
    }

    [Theory]
    [InlineData("echo first >&2; echo 'no such lease' >&2; exit 3", "exit code 3: no such lease")]
    [InlineData("/nonexistent/hook", "exit code 127: ")]
    public async Task How_it_failed_is_said_in_its_own_words(string command, string words) =>
        Assert.StartsWith(words, await RunAsync(command), StringComparison.Ordinal);

    [Fact]
    public async Task One_that_is_killed_is_killed_with_its_children()
    {
        var file = Path.Combine(folder, "child");
        using var kill = new CancellationTokenSource();
        var hook = new RoleTask.Hook(ServiceRoleWord.Primary, $"sh -c 'echo $$ > {file}.new; mv {file}.new {file}; sleep 100'; true");
        var running = processes.RunAsync(hook, Change, _ => { }, kill.Token);
        await UntilThereAsync(file);
        var child = int.Parse(File.ReadAllText(file));
        Assert.NotNull(ProcessStart.Of(child));

        await kill.CancelAsync();

        Assert.NotNull(await running);
        await UntilGoneAsync(child);
    }

    [Fact]
    public async Task One_that_a_former_daemon_left_is_known_waited_for_and_killed()
    {
        using var left = Process.Start("sleep", "100");
        var began = ProcessStart.Of(left.Id)!.Value;
        var applied = new AppliedRole(ServiceRole.Primary, 3, Complete: false) { Process = left.Id, ProcessStart = began };
        Assert.True(AppliedRole.TryParse($"{applied}", out var read) && RoleProcess.Runs(read));
        Assert.False(RoleProcess.Runs(applied with { ProcessStart = applied.ProcessStart - 1 }), "another process has its number");
        using var kill = new CancellationTokenSource();
        var waiting = RoleProcess.AwaitAsync(applied, kill.Token);
        Assert.False(waiting.IsCompleted);

        await kill.CancelAsync();
        await waiting;

        Assert.False(RoleProcess.Runs(applied));
    }

    [Theory]
    [InlineData("0::/system.slice/hitless.service\n", true)]
    [InlineData("12:cpu:/system.slice/hitless.service\n1:name=systemd:/hitless.slice/hitlessd.service\n", true)]
    [InlineData("0::/user.slice/user-1000.slice/user@1000.service/app.slice/hitless.service\n", false)]
    [InlineData("0::/user.slice/user-0.slice/session-3.scope\n", false)]
    [InlineData("0::/\n", false)]
    [InlineData("", false)]
    public void Targets_are_those_of_a_daemon_that_is_a_service_of_the_machine(string cgroups, bool service) =>
        Assert.Equal(service, Systemd.IsSystemService(cgroups));

    [Fact]
    public void Services_without_systemd_are_a_problem_with_a_remedy()
    {
        var tasks = new RoleTasks([new("dhcp.service", OnPrimary: true)], HookSettings.None, systemd: false, targets: false);

        Assert.False(tasks.Any);
        Assert.Contains("by hooks", tasks.Problem, StringComparison.Ordinal);
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private static RoleChange Change { get; } = new(ServiceRole.Primary, 7, "priority 200 > 100, 'at once'");

    private static async Task UntilThereAsync(string file)
    {
        while (!File.Exists(file))
        {
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }
    }

    private static async Task UntilGoneAsync(int process)
    {
        while (ProcessStart.Of(process) is not null)
        {
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }
    }

    private Task<string?> RunAsync(string command) =>
        processes.RunAsync(new RoleTask.Hook(ServiceRoleWord.Primary, command), Change, _ => { }, CancellationToken.None);
}
