using Hitless.Core.Api;

namespace Hitless.Core.Cluster;

/// <summary>How the API names roles and states.</summary>
public static class UnitWording
{
    /// <summary>The word for a role.</summary>
    public static UnitRoleWord Of(UnitRole role) =>
        role switch
        {
            UnitRole.Primary => UnitRoleWord.Primary,
            UnitRole.Standby => UnitRoleWord.Standby,
            _ => UnitRoleWord.None,
        };

    /// <summary>The word for a state; who says goodbye is as good as absent.</summary>
    public static UnitStateWord Of(UnitState state) =>
        state switch
        {
            UnitState.Starting => UnitStateWord.Starting,
            UnitState.Syncing => UnitStateWord.Syncing,
            UnitState.Ready => UnitStateWord.Ready,
            UnitState.Draining => UnitStateWord.Draining,
            UnitState.Fault => UnitStateWord.Fault,
            UnitState.Held => UnitStateWord.Held,
            _ => UnitStateWord.Absent,
        };
}
