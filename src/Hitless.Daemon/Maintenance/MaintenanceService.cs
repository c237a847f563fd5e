using Hitless.Core.Api;
using Hitless.Core.Cluster;
using Hitless.Core.Maintenance;
using Hitless.Core.Upgrade;
using Hitless.Daemon.Common;
using Hitless.Daemon.Control;
using Hitless.Daemon.Http;
using Hitless.Daemon.Peers;
using Hitless.Daemon.Upgrade;

namespace Hitless.Daemon.Maintenance;

/// <summary>Takes one unit out of service for a while: held, or rebooted. What is about another unit goes on to that one.</summary>
/// <param name="name">This unit's name.</param>
/// <param name="control">Its control loop.</param>
/// <param name="peers">The way to the others.</param>
/// <param name="journals">Tells whether a run is open.</param>
/// <param name="machine">How this machine reboots.</param>
/// <param name="file">Where a hold outlives a restart.</param>
public sealed class MaintenanceService(
    string name,
    ControlLoop control,
    PeerClient peers,
    JournalStore journals,
    IRebootingMachine machine,
    HoldFile file
)
{
    private static readonly TimeSpan HandOverTimeout = TimeSpan.FromSeconds(30);

    /// <summary>The paths of the local API.</summary>
    public void Map(IEndpointRouteBuilder routes)
    {
        routes.Post("/v1/unit/hold", ApiJson.Default.HoldRequest, ApiJson.Default.HoldResult, HoldAsync);
        routes.Post("/v1/unit/release", ApiJson.Default.ReleaseRequest, ApiJson.Default.ReleaseResult, ReleaseAsync);
        routes.Post("/v1/unit/reboot", ApiJson.Default.RebootRequest, ApiJson.Default.RebootResult, RebootAsync);
    }

    /// <summary>The calls of the other units.</summary>
    public void Map(PeerServer server)
    {
        server.Map(MaintenanceCalls.Hold, HoldAsync);
        server.Map(MaintenanceCalls.Release, ReleaseAsync);
        server.Map(MaintenanceCalls.Reboot, RebootAsync);
    }

    /// <summary>Holds a unit; complete when it has handed over and is held.</summary>
    /// <exception cref="RefusedException">It is not held, and nothing has changed.</exception>
    public async Task<HoldResult> HoldAsync(HoldRequest request, CancellationToken cancel)
    {
        if (request.Reason.Length > UnitHold.ReasonLengthMax || request.Reason.Any(char.IsControl))
        {
            throw new RefusedException(
                $"a reason has at most {UnitHold.ReasonLengthMax} characters, on one line",
                "give a shorter one: --reason"
            );
        }

        if (request.ForMs is { } wanted && (wanted <= 0 || wanted > UnitHold.TimeMax.TotalMilliseconds))
        {
            throw new RefusedException($"{wanted} ms is not a time that a unit can be held for", "such as 30m or 2h: --for");
        }

        var view = await control.ViewAsync();
        if (request.Unit is { } other && other != name)
        {
            return await PassOnAsync(view, other, MaintenanceCalls.Hold, request, cancel);
        }

        var plan = MaintenanceRules.Hold(name, UnitsOf(view), RunJournal.IsOpen(journals.Last()), request.Force);
        Refuse(plan);
        if (request.PlanOnly)
        {
            return new HoldResult(name, null, plan.Successor, plan.Warnings);
        }

        var hold = new UnitHold(request.Reason, request.ForMs is { } time ? TimeSpan.FromMilliseconds(time) : null);
        await HandOverAsync(plan, view, $"{name} is to be held", request.Force);
        view = await control.HoldAsync(hold);
        await file.Written;
        return new HoldResult(
            name,
            StatusOf(view.Hold) ?? throw new RefusedException("an upgrade has begun meanwhile", "let it end: hitless upgrade status"),
            plan.Successor,
            plan.Warnings
        );
    }

    /// <summary>Ends a hold.</summary>
    public async Task<ReleaseResult> ReleaseAsync(ReleaseRequest request, CancellationToken cancel)
    {
        var view = await control.ViewAsync();
        if (request.Unit is { } other && other != name)
        {
            return await PassOnAsync(view, other, MaintenanceCalls.Release, request, cancel);
        }

        await control.ReleaseAsync();
        await file.Written;
        return new ReleaseResult(name, view.Hold is not null);
    }

    /// <summary>Reboots a machine; answers when it has handed over, before it goes down.</summary>
    /// <exception cref="RefusedException">It does not reboot, and nothing has changed.</exception>
    public async Task<RebootResult> RebootAsync(RebootRequest request, CancellationToken cancel)
    {
        var view = await control.ViewAsync();
        if (request.Unit is { } other && other != name)
        {
            return await PassOnAsync(view, other, MaintenanceCalls.Reboot, request, cancel);
        }

        if (!machine.CanReboot)
        {
            throw new RefusedException(
                $"hitlessd of {name} cannot reboot its machine: hitless-boot was started without --reboot-command",
                "add --reboot-command \"systemctl reboot\" to its start, or reboot the machine by hand: a stop hands over first"
            );
        }

        var plan = MaintenanceRules.Reboot(name, UnitsOf(view), RunJournal.IsOpen(journals.Last()), request.Force);
        Refuse(plan);
        if (!request.PlanOnly)
        {
            await HandOverAsync(plan, view, $"{name} is to reboot", request.Force);
            machine.Reboot("reboot, as asked for by an operator");
        }

        return new RebootResult(name, view.Self.Tag.ToString(), plan.Successor, plan.Warnings);
    }

    /// <summary>A hold as the API tells of it; null: there is none.</summary>
    public static HoldStatus? StatusOf(UnitHold? hold) =>
        hold is null ? null : new HoldStatus(hold.Reason, (long?)hold.Remaining?.TotalMilliseconds, DateTimeOffset.UtcNow + hold.Remaining);

    private static void Refuse(MaintenancePlan plan)
    {
        if (plan.Refusal is { } refusal)
        {
            throw new RefusedException(refusal);
        }
    }

    private Task HandOverAsync(MaintenancePlan plan, ClusterView view, string why, bool force) =>
        plan.Successor is { } successor
            ? control.SwitchOverAsync(view.Peers.First(peer => peer.Name == successor).Id, why, force)
            : Task.CompletedTask;

    private static IReadOnlyList<MaintenanceUnit> UnitsOf(ClusterView view) =>
        [.. view.Units.Select(unit => new MaintenanceUnit(unit.Name, unit.Role, unit.State, unit.Ready, unit.Failures))];

    private async Task<TAnswer> PassOnAsync<TRequest, TAnswer>(
        ClusterView view,
        string unit,
        PeerCall<TRequest, TAnswer> call,
        TRequest request,
        CancellationToken cancel
    )
    {
        if (view.Peers.All(peer => peer.Name != unit))
        {
            throw new RefusedException(
                $"there is no unit \"{unit}\"",
                $"the units are {string.Join(", ", view.Units.Select(each => each.Name))}"
            );
        }

        try
        {
            return await peers.CallAsync(unit, call, request, HandOverTimeout, cancel);
        }
        catch (PeerException e)
        {
            throw new RefusedException(e.Refusal, e);
        }
    }
}
