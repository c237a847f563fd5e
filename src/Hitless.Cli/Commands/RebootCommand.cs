using System.CommandLine;
using Hitless.Cli.Display;
using Hitless.Cli.Setup;
using Hitless.Core.Api;

namespace Hitless.Cli.Commands;

/// <summary>
/// <c>reboot [UNIT]</c> and <c>reboot --cluster</c>. The unit that is asked is the last one to reboot: nobody would be there to reboot the
/// others after it.
/// </summary>
internal static class RebootCommand
{
    private static readonly TimeSpan BackLimit = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan Between = TimeSpan.FromMilliseconds(300);

    public static Command Make(Shell shell)
    {
        var unit = HoldCommands.UnitArgument();
        var cluster = new Option<bool>("--cluster") { Description = "Every unit, one after the other, each when all are ready again" };
        var force = new Option<bool>("--force") { Description = "Also where nobody can take over: the traffic stops meanwhile" };
        var yes = new Option<bool>("--yes") { Description = "Do not ask whether it may cost what it costs" };
        return shell.Command(
            "reboot",
            "Reboot the machine of a unit, or of every unit; who carries the traffic hands over first",
            call => RunAsync(call, call.Value(unit), call.Value(cluster), call.Value(force), call.Value(yes)),
            unit,
            cluster,
            force,
            yes
        );
    }

    private static async Task<int> RunAsync(Call call, string? unit, bool cluster, bool force, bool yes)
    {
        if (cluster && (unit is not null || force))
        {
            throw new UsageException(
                "--cluster means every unit, and only where another one carries the traffic meanwhile",
                "leave out the unit and --force; or name one unit"
            );
        }

        var status = await StatusAsync(call);
        var units = cluster ? Order(status) : [unit ?? status.Self];
        if (cluster && status.Units.FirstOrDefault(each => each.State != UnitStateWord.Ready) is { } late)
        {
            throw new RefusedException($"{late.Name} is {late.State}: no unit reboots before all are ready", "hitless status tells why");
        }

        List<RebootResult> done = [];
        foreach (var next in units)
        {
            done.Add(await RebootAsync(call, new RebootRequest(next, force, PlanOnly: true), status.Self, yes || cluster));
        }

        if (call.Screen.Json)
        {
            call.Screen.Document(done, CliJson.Api.IReadOnlyListRebootResult);
        }

        return ExitCode.Done;
    }

    /// <summary>The other standbys, the primary, and the unit that is asked last.</summary>
    private static string[] Order(ClusterStatus status) =>
        [
            .. status
                .Units.OrderBy(unit => unit.Name == status.Self)
                .ThenBy(unit => unit.Role == UnitRoleWord.Primary)
                .ThenBy(unit => unit.Name, StringComparer.Ordinal)
                .Select(unit => unit.Name),
        ];

    private static async Task<RebootResult> RebootAsync(Call call, RebootRequest request, string self, bool yes)
    {
        var plan = await AskAsync(call, request);
        foreach (var warning in plan.Warnings)
        {
            call.Screen.Error.WriteLine($"hitless: {warning}");
        }

        if (plan.Warnings.Count > 0 && !yes && !new Questions(call.Screen).Confirm($"reboot {plan.Unit} all the same?"))
        {
            throw new RefusedException($"{plan.Unit} does not reboot", "hitless reboot --yes does not ask");
        }

        if (plan.Successor is { } successor)
        {
            Say(call, $"{plan.Unit} hands over to {successor}");
        }

        var result = await AskAsync(call, request with { PlanOnly = false });
        Say(call, $"{result.Unit} reboots");
        if (result.Unit != self)
        {
            var begin = TimeProvider.System.GetTimestamp();
            await UntilBackAsync(call, result);
            Say(call, $"{result.Unit} is back, and every unit ready, after {Words.Duration(Elapsed(begin).TotalMilliseconds)}");
        }

        return result;
    }

    private static async Task UntilBackAsync(Call call, RebootResult reboot)
    {
        var last = "";
        for (var begin = TimeProvider.System.GetTimestamp(); ; await Task.Delay(Between, call.Cancel))
        {
            var status = await StatusAsync(call);
            var unit = status.Units.FirstOrDefault(each => each.Name == reboot.Unit);
            var isBack = unit?.State.IsUp == true && unit.Incarnation != reboot.Incarnation;
            if (isBack && status.Units.All(each => each.State.IsUp))
            {
                return;
            }

            var seen = unit is not null && (unit.Incarnation != reboot.Incarnation || unit.State == UnitStateWord.Absent);
            var now = seen ? $"is {unit!.State}" : "goes down";
            if (now != last)
            {
                last = now;
                Say(call, $"{reboot.Unit} {now}");
            }

            if (Elapsed(begin) > BackLimit)
            {
                throw new RefusedException(
                    $"{reboot.Unit} has not come back as a ready unit within {Words.Duration(BackLimit.TotalMilliseconds)}: it {now}",
                    "look at its console; no further unit reboots"
                );
            }
        }
    }

    private static void Say(Call call, string text)
    {
        if (!call.Screen.Json)
        {
            call.Screen.Line(text);
        }
    }

    private static TimeSpan Elapsed(long begin) => TimeProvider.System.GetElapsedTime(begin);

    private static Task<ClusterStatus> StatusAsync(Call call) =>
        call.Unit.GetAsync("/v1/status", ApiJson.Default.ClusterStatus, call.Cancel);

    private static Task<RebootResult> AskAsync(Call call, RebootRequest request) =>
        call.Unit.PostAsync("/v1/unit/reboot", request, ApiJson.Default.RebootRequest, ApiJson.Default.RebootResult, call.Cancel);
}
