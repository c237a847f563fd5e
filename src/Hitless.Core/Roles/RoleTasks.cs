using Hitless.Core.Configuration;

namespace Hitless.Core.Roles;

/// <summary>
/// What is done for each role, in this order: services that run elsewhere stop, services that run here start, then the hook, which finds
/// them as they are to be.
/// </summary>
/// <param name="services"><c>services:</c>.</param>
/// <param name="hooks"><c>hooks:</c>.</param>
/// <param name="systemd">Whether systemd runs the machine.</param>
/// <param name="targets">Whether the daemon is a service of that systemd, so that its targets are this unit's to start.</param>
public sealed class RoleTasks(IReadOnlyList<ServiceSettings> services, HookSettings hooks, bool systemd, bool targets)
{
    /// <summary>Is active while this unit is primary.</summary>
    public const string PrimaryTarget = "hitless-primary.target";

    /// <summary>Is active while this unit is not primary; each of the two ends the other.</summary>
    public const string StandbyTarget = "hitless-standby.target";

    /// <summary>How long one of them may take.</summary>
    public TimeSpan Timeout => hooks.Timeout;

    /// <summary>Whether a standby with failed interfaces or probes is one of its own kind.</summary>
    public bool KnowsFault => hooks.Fault is not null;

    /// <summary>Whether any role has anything to do.</summary>
    public bool Any => Enum.GetValues<ServiceRole>().Any(role => For(role).Count > 0);

    /// <summary>Null, or what of the configuration cannot work on this machine.</summary>
    public string? Problem =>
        services.Count == 0 || systemd
            ? null
            : "services cannot follow the role, as systemd does not run this machine: "
                + $"{string.Join(", ", services.Select(each => each.Unit))}. Start and stop them by hooks";

    /// <summary>What to do for a role.</summary>
    public IReadOnlyList<RoleTask> For(ServiceRole role)
    {
        var (primary, standby) = (role == ServiceRole.Primary, role is ServiceRole.Standby or ServiceRole.Fault);
        List<string> stopped = [.. ServicesThat(run: false, primary, standby)];
        List<string> started = [.. ServicesThat(run: true, primary, standby)];
        if (targets)
        {
            stopped.InsertRange(0, role == ServiceRole.Stop ? [PrimaryTarget, StandbyTarget] : [primary ? StandbyTarget : PrimaryTarget]);
            started.InsertRange(0, role == ServiceRole.Stop ? [] : [primary ? PrimaryTarget : StandbyTarget]);
        }

        var hook = role switch
        {
            ServiceRole.Primary => hooks.Primary,
            ServiceRole.Standby => hooks.Standby,
            ServiceRole.Fault => hooks.Fault,
            _ => hooks.Stop,
        };
        return
        [
            .. stopped.Count > 0 ? [new RoleTask.Systemctl("stop", stopped)] : Array.Empty<RoleTask>(),
            .. started.Count > 0 ? [new RoleTask.Systemctl("start", started)] : Array.Empty<RoleTask>(),
            .. hook is not null ? [new RoleTask.Hook(RoleChange.WordOf(role), hook)] : Array.Empty<RoleTask>(),
        ];
    }

    private IEnumerable<string> ServicesThat(bool run, bool primary, bool standby) =>
        systemd ? services.Where(each => (each.OnPrimary ? primary : standby) == run).Select(each => each.Unit) : [];
}
