using Hitless.Core.Wire;

namespace Hitless.Core.Roles;

/// <summary>What a <see cref="RoleFollower"/> wants done.</summary>
public interface IRoleEffects
{
    /// <summary>Starts a task; its end comes back as <see cref="RoleInput.Ended"/>. Never while another one runs.</summary>
    void Run(RequestId request, RoleTask task, RoleChange change);

    /// <summary>Kills the task that runs; its end comes back all the same.</summary>
    void Kill();

    /// <summary>Keeps what was done, for the next process.</summary>
    void Save(AppliedRole applied);

    /// <summary>Something that an operator wants to know.</summary>
    void Record(string text);
}
