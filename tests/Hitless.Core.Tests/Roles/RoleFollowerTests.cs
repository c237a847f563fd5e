using Hitless.Core.Api;
using Hitless.Core.Cluster;
using Hitless.Core.Configuration;
using Hitless.Core.Roles;
using Hitless.Core.Wire;
using Xunit;

namespace Hitless.Core.Tests.Roles;

public sealed class RoleFollowerTests : IRoleEffects
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);
    private static readonly ServiceSettings Dhcp = new("dhcp.service", OnPrimary: true);
    private readonly List<string> done = [];
    private readonly List<string> recorded = [];
    private RoleTasks tasks = new([], new HookSettings("P", "S", null, "X", Limit), systemd: false, targets: false);
    private RoleFollower follower;
    private AppliedRole saved;
    private TimeSpan now = TimeSpan.FromHours(1);
    private RequestId request;
    private bool running;

    public RoleFollowerTests() => follower = new RoleFollower(tasks, null, orphan: false, now);

    [Fact]
    public void Each_change_calls_its_hook_once()
    {
        UnitRole[] roles = [UnitRole.None, UnitRole.Standby, UnitRole.Standby, UnitRole.Primary, UnitRole.Primary, UnitRole.Standby];
        foreach (var role in roles)
        {
            See(role);
            End();
            See(role);
        }

        Assert.Equal(["S", "P", "S"], done);
        Assert.True(saved.Complete);
        Assert.Equal(ServicesState.Done, follower.Status.State);
    }

    [Fact]
    public void Never_two_at_once_and_always_the_present_role_last()
    {
        See(UnitRole.Standby);
        See(UnitRole.Primary, epoch: 2);
        See(UnitRole.Standby, epoch: 3);
        See(UnitRole.Primary, epoch: 4);
        Assert.Equal(["S"], done);

        End();

        Assert.Equal(["S", "P"], done);
        Assert.Equal(4, saved.Epoch);
        See(UnitRole.Standby, epoch: 5);
        See(UnitRole.Primary, epoch: 6);
        End();
        Assert.Equal(["S", "P", "P"], done);
    }

    [Fact]
    public void A_change_that_was_taken_back_while_its_turn_had_not_come_calls_nothing()
    {
        See(UnitRole.Standby);
        See(UnitRole.Primary, epoch: 2);
        See(UnitRole.Standby, epoch: 3);
        End();

        Assert.Equal(["S"], done);
        Assert.False(running);
    }

    [Fact]
    public void A_new_reign_is_a_change_and_a_new_epoch_of_another_unit_is_none()
    {
        See(UnitRole.Primary, epoch: 3);
        End();
        See(UnitRole.Primary, epoch: 5);
        End();
        See(UnitRole.Standby, epoch: 6);
        End();
        See(UnitRole.Standby, epoch: 7);

        Assert.Equal(["P", "P", "S"], done);
        Assert.False(running);
    }

    [Fact]
    public void A_hook_that_hangs_is_killed_and_said_and_the_present_roles_comes_next()
    {
        See(UnitRole.Primary);
        See(UnitRole.Standby, epoch: 2);
        Pass(Limit);
        Assert.Equal(["P", "killed"], done);

        End(why: "was stopped");

        Assert.Equal(["P", "killed", "S"], done);
        Assert.Contains(recorded, text => text.Contains("did not end within 10 s", StringComparison.Ordinal));
    }

    [Fact]
    public void One_that_cannot_be_killed_is_given_up_and_its_late_end_means_nothing()
    {
        See(UnitRole.Primary);
        See(UnitRole.Standby, epoch: 2);
        var first = request;
        Pass(Limit);
        running = false;
        Pass(TimeSpan.FromSeconds(2));
        Assert.Equal(["P", "killed", "S"], done);

        follower.Step(new RoleInput.Ended(first, null), now, this);

        Assert.Equal(ServicesState.Running, follower.Status.State);
        End();
        Assert.Equal(ServicesState.Done, follower.Status.State);
    }

    [Fact]
    public void What_failed_is_in_the_status_and_the_next_process_does_it_again()
    {
        See(UnitRole.Primary);
        End(why: "exit code 3");
        See(UnitRole.Primary);

        Assert.Equal(["P"], done);
        Assert.Equal(ServicesState.Failed, follower.Status.State);
        Assert.Contains("exit code 3", Assert.Single(follower.Status.Problems), StringComparison.Ordinal);
        RestartDaemon();
        See(UnitRole.Primary);
        Assert.Equal(["P", "P"], done);
    }

    [Fact]
    public void A_restart_in_the_same_role_calls_nothing_and_one_in_another_calls_it()
    {
        See(UnitRole.Primary, epoch: 4);
        End();
        RestartDaemon();
        See(UnitRole.None, epoch: 4);
        See(UnitRole.Primary, epoch: 4);
        Assert.Equal(["P"], done);

        RestartDaemon();
        See(UnitRole.None, epoch: 5);
        See(UnitRole.Standby, epoch: 5);

        Assert.Equal(["P", "S"], done);
    }

    [Fact]
    public void A_restart_waits_for_the_hook_that_runs_and_then_calls_the_present_roles()
    {
        See(UnitRole.Primary);
        RestartDaemon(orphan: true);
        See(UnitRole.Standby, epoch: 2);
        Assert.Equal(["P"], done);

        follower.Step(new RoleInput.Ended(RequestId.None, null), now, this);

        Assert.Equal(["P", "S"], done);
    }

    [Fact]
    public void A_unit_without_a_role_leaves_all_as_it_is_for_a_while_and_then_is_no_primary()
    {
        See(UnitRole.Primary);
        End();
        See(UnitRole.None);
        Pass(RoleFollower.UndecidedMax - TimeSpan.FromSeconds(1));
        See(UnitRole.None);
        Assert.Equal(["P"], done);

        Pass(TimeSpan.FromSeconds(1));

        Assert.Equal(["P", "S"], done);
    }

    [Fact]
    public void A_stop_calls_its_hook_after_the_hand_over_and_does_not_tell_of_the_hand_over()
    {
        See(UnitRole.Primary);
        End();
        follower.Step(new RoleInput.Stopping(), now, this);
        See(UnitRole.Standby, epoch: 2);
        Assert.Equal(["P"], done);

        follower.Step(new RoleInput.Stop(), now, this);
        Assert.Equal(["P", "X"], done);
        Assert.False(follower.Stopped);
        End();

        Assert.True(follower.Stopped);
    }

    [Fact]
    public void No_hook_keeps_the_daemon_from_ending_longer_than_a_stop_may_take()
    {
        See(UnitRole.Primary);
        follower.Step(new RoleInput.Stop(), now, this);
        var until = now + RoleFollower.StopMax;
        while (!follower.Stopped && now < until)
        {
            now = follower.NextDeadline;
            running = false;
            follower.Step(new RoleInput.Tick(), now, this);
        }

        Assert.True(follower.Stopped);
        Assert.True(now <= until);
        Assert.False(saved.Complete);
    }

    [Fact]
    public void A_stop_with_nothing_to_do_ends_at_once()
    {
        tasks = new RoleTasks([], new HookSettings("P", null, null, null, Limit), systemd: false, targets: false);
        RestartDaemon();
        follower.Step(new RoleInput.Stop(), now, this);

        Assert.True(follower.Stopped);
    }

    [Fact]
    public void Services_stop_before_others_start_and_the_hook_comes_last()
    {
        tasks = new RoleTasks([Dhcp, new("watch.timer", OnPrimary: false)], new("P", "S", "F", null, Limit), systemd: true, targets: true);
        RestartDaemon();
        See(UnitRole.Standby);
        End();
        End();
        End();
        See(UnitRole.Standby, fault: true);
        End();
        End();
        End();
        See(UnitRole.Primary);
        End();
        End();

        Assert.Equal(
            [
                "systemctl stop hitless-primary.target dhcp.service",
                "systemctl start hitless-standby.target watch.timer",
                "S",
                "systemctl stop hitless-primary.target dhcp.service",
                "systemctl start hitless-standby.target watch.timer",
                "F",
                "systemctl stop hitless-standby.target watch.timer",
                "systemctl start hitless-primary.target dhcp.service",
                "P",
            ],
            done
        );
        Assert.Equal(
            "systemctl stop hitless-primary.target hitless-standby.target dhcp.service watch.timer",
            Assert.Single(tasks.For(ServiceRole.Stop)).ToString()
        );
    }

    [Fact]
    public void Tasks_of_a_role_that_is_over_are_left_out()
    {
        tasks = new RoleTasks([Dhcp], new HookSettings("P", "S", null, null, Limit), systemd: true, targets: false);
        RestartDaemon();
        See(UnitRole.Primary);
        See(UnitRole.Standby, epoch: 2);
        End();
        End();

        Assert.Equal(["systemctl start dhcp.service", "systemctl stop dhcp.service", "S"], done);
    }

    [Theory]
    [InlineData("primary 7 complete 6f1a 0 0", true)]
    [InlineData("stop 7 incomplete 6f1a 412 99812 and more", true)]
    [InlineData("", false)]
    [InlineData("primary 7 done 6f1a 0 0", false)]
    [InlineData("master 7 complete 6f1a 0 0", false)]
    [InlineData("0 7 complete 6f1a 0 0", false)]
    [InlineData("primary x complete 6f1a 0 0", false)]
    public void A_damaged_file_is_no_file(string text, bool readable)
    {
        Assert.Equal(readable, AppliedRole.TryParse(text, out var applied));
        Assert.True(!readable || text.StartsWith(applied.ToString(), StringComparison.Ordinal));
    }

    void IRoleEffects.Run(RequestId request, RoleTask task, RoleChange change)
    {
        Assert.False(running, "two at once");
        (this.request, running) = (request, true);
        done.Add(task is RoleTask.Hook hook ? hook.Command : $"{task}");
    }

    void IRoleEffects.Kill() => done.Add("killed");

    void IRoleEffects.Save(AppliedRole applied) => saved = applied;

    void IRoleEffects.Record(string text) => recorded.Add(text);

    private void See(UnitRole role, long epoch = 1, bool fault = false) =>
        follower.Step(new RoleInput.Seen(role, fault, epoch, "as a test has it"), now, this);

    private void End(string? why = null)
    {
        if (running)
        {
            running = false;
            follower.Step(new RoleInput.Ended(request, why), now, this);
        }
    }

    private void Pass(TimeSpan time)
    {
        now += time;
        follower.Step(new RoleInput.Tick(), now, this);
    }

    private void RestartDaemon(bool orphan = false)
    {
        running = false;
        follower = new RoleFollower(tasks, saved == default ? null : saved, orphan, now);
    }
}
