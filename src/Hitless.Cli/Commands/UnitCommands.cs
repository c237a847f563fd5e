using System.CommandLine;
using Hitless.Cli.Display;
using Hitless.Core.Api;

namespace Hitless.Cli.Commands;

/// <summary><c>unit list, hold, release, leave, remove</c>.</summary>
internal static class UnitCommands
{
    public static Command Make(Shell shell)
    {
        var yes = new Option<bool>("--yes") { Description = "Do it; without this the command only says what it would take away" };
        var force = new Option<bool>("--force") { Description = "Also where no other unit can take over" };
        var lost = new Argument<string>("UNIT") { Description = "The unit that is lost; not this one" };
        var addresses = new Option<string[]>("--address")
        {
            Description = "Its address on a heartbeat or session link (default: where it was heard)",
            HelpName = "ADDRESS",
        };
        var alive = new Option<bool>("--force") { Description = "Also a unit that is heard, and also where others are missing" };
        return new Command("unit", "A unit's place in the cluster")
        {
            shell.Command("list", "The units, their roles and states, and which are held", ListAsync),
            HoldCommands.MakeHold(shell),
            HoldCommands.MakeRelease(shell),
            shell.Command(
                "leave",
                "Take this unit out of the cluster, with its virtual addresses; a stop alone leaves them in place, muted",
                call => LeaveAsync(call, call.Value(yes), call.Value(force)),
                yes,
                force
            ),
            shell.Command(
                "remove",
                "Believe a lost unit no more: the others get a new key, and take it out of their peers",
                call => RemoveAsync(call, new RemovalRequest(call.Value(lost)!, call.Value(addresses) ?? [], call.Value(alive))),
                lost,
                addresses,
                alive
            ),
        };
    }

    private static async Task<int> ListAsync(Call call)
    {
        var status = await call.Unit.GetAsync("/v1/status", ApiJson.Default.ClusterStatus, call.Cancel);
        call.Screen.Show(status.Units, CliJson.Api.IReadOnlyListUnitStatus, units =>
        {
            var table = Tables.Plain("UNIT", "ROLE", "STATE", "VERSION", "HELD");
            foreach (var unit in units)
            {
                table.AddTexts(
                    unit.Name,
                    unit.Role.ToString(),
                    unit.State.ToString(),
                    unit.Version,
                    unit.Hold is { } hold ? HoldWords.Of(hold) : ""
                );
            }

            call.Screen.Console.Write(table);
        });
        return ExitCode.Done;
    }

    private static async Task<int> RemoveAsync(Call call, RemovalRequest request)
    {
        var result = await call.Unit.PostAsync(
            "/v1/unit/remove",
            request,
            ApiJson.Default.RemovalRequest,
            ApiJson.Default.RemovalResult,
            call.Cancel
        );
        call.Screen.Show(result, CliJson.Api.RemovalResult, removed =>
        {
            call.Screen.Line(
                removed.Key.Done
                    ? $"{removed.Unit} is believed no more: {string.Join(", ", removed.Key.Units)} have the new key {removed.Key.Key}"
                    : $"{removed.Unit} is not removed yet: {removed.Key.Waiting}"
            );
            if (removed.Addresses.Count > 0)
            {
                call.Screen.Line($"no peers any more: {string.Join(", ", removed.Addresses)}");
            }

            foreach (var note in removed.Notes)
            {
                call.Screen.Line(note);
            }
        });
        return result.Key.Done ? ExitCode.Done : ExitCode.Refused;
    }

    private static async Task<int> LeaveAsync(Call call, bool yes, bool force)
    {
        var result = await call.Unit.PostAsync(
            "/v1/unit/leave",
            new LeaveRequest(!yes, force),
            ApiJson.Default.LeaveRequest,
            ApiJson.Default.LeaveResult,
            call.Cancel
        );
        call.Screen.Show(result, CliJson.Api.LeaveResult, answer =>
        {
            call.Screen.Line(
                answer.Left
                    ? $"{answer.Unit} leaves the cluster{(answer.Successor is { } next ? $", {next} takes over first" : "")}"
                    : $"{answer.Unit} would leave the cluster{(answer.Successor is { } heir ? $", {heir} would take over first" : "")}"
            );
            call.Screen.Line(
                $"taken away: {(answer.Addresses.Count == 0 ? "no virtual address" : string.Join(", ", answer.Addresses))}; the "
                    + $"nftables table \"hitless\""
            );
            call.Screen.Line($"put back: {(answer.Sysctls.Count == 0 ? "no sysctl" : string.Join(", ", answer.Sysctls))}");
            call.Screen.Line(
                answer.Left
                    ? "declared routes and rules, and routes that hang on these addresses, go with them; "
                        + "starting the service again joins the cluster"
                    : "nothing is changed yet: hitless unit leave --yes does it"
            );
        });
        return ExitCode.Done;
    }
}
