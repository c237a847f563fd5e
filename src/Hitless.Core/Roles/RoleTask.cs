using Hitless.Core.Api;

namespace Hitless.Core.Roles;

/// <summary>One thing that is done when the role has changed.</summary>
public abstract record RoleTask
{
    private RoleTask() { }

    /// <summary>An operator's command.</summary>
    public sealed record Hook(ServiceRoleWord Role, string Command) : RoleTask
    {
        /// <inheritdoc/>
        public override string ToString() => $"the hook for {Role} ({Command})";
    }

    /// <summary>Units of systemd are started or stopped.</summary>
    public sealed record Systemctl(string Verb, IReadOnlyList<string> Units) : RoleTask
    {
        /// <inheritdoc/>
        public override string ToString() => $"systemctl {Verb} {string.Join(' ', Units)}";
    }
}
