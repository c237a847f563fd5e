using Hitless.Core.Api;

namespace Hitless.Core.Roles;

/// <summary>What services follow: the unit's role, and whether it stops.</summary>
public enum ServiceRole
{
    /// <summary>The unit carries the traffic.</summary>
    Primary,

    /// <summary>It does not.</summary>
    Standby,

    /// <summary>It does not, and has failed interfaces or probes. Only where there is a hook for it.</summary>
    Fault,

    /// <summary>Its daemon stops for good.</summary>
    Stop,
}

/// <summary>One change: to which role, in which epoch, and why.</summary>
public sealed record RoleChange(ServiceRole Role, long Epoch, string Reason)
{
    /// <summary>The role as hooks and the configuration have it.</summary>
    public ServiceRoleWord Word => WordOf(Role);

    /// <summary>The word for a role.</summary>
    public static ServiceRoleWord WordOf(ServiceRole role) =>
        role switch
        {
            ServiceRole.Primary => ServiceRoleWord.Primary,
            ServiceRole.Standby => ServiceRoleWord.Standby,
            ServiceRole.Fault => ServiceRoleWord.Fault,
            _ => ServiceRoleWord.Stop,
        };
}
