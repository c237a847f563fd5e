using Hitless.Core.Firmware;
using Hitless.Core.Roles;
using Hitless.Core.Wire;

namespace Hitless.Core.Rights;

/// <summary>
/// What <c>hitlessd</c> may ask of <c>hitless-apply</c>, all of it. Commands are named, never brought: one that the unit's configuration
/// does not list is refused.
/// </summary>
public abstract record ApplyRequest
{
    private ApplyRequest() { }

    /// <summary>Whether anybody is there; answered by <see cref="ApplyAnswer.Done"/>.</summary>
    public sealed record Ping : ApplyRequest;

    /// <summary>What stands at a managed path; answered by <see cref="ApplyAnswer.File"/>.</summary>
    public sealed record ReadFile(string Path) : ApplyRequest;

    /// <summary>Replaces a managed file. <c>Mode</c> is octal, <c>Owner</c> is user:group; null: as before.</summary>
    public sealed record WriteFile(string Path, byte[] Content, string? Mode, string? Owner) : ApplyRequest;

    /// <summary>Takes a managed file away; none is fine.</summary>
    public sealed record DeleteFile(string Path) : ApplyRequest;

    /// <summary>Runs a command of a managed file; answered by <see cref="ApplyAnswer.Ended"/>.</summary>
    public sealed record RunFileCommand(FileCommand Command, TimeSpan Limit) : ApplyRequest;

    /// <summary>The <c>cluster.yaml</c> of a revision that is about to be checked: what it lists counts from here on.</summary>
    public sealed record Propose(byte[] ClusterFile) : ApplyRequest;

    /// <summary>
    /// A hook, or services that follow the role; answered by <see cref="ApplyAnswer.Started"/> and <see cref="ApplyAnswer.Ended"/>.
    /// </summary>
    public sealed record RunRoleTask(RoleTask Task, RoleChange Change) : ApplyRequest;

    /// <summary>A command of a probe or of compare; answered by <see cref="ApplyAnswer.Ended"/>.</summary>
    public sealed record RunProbe(string Command, TimeSpan Limit) : ApplyRequest;

    /// <summary>
    /// Asks the converter of an image in the store what it makes of a revision of this unit (null: of none); answered by
    /// <see cref="ApplyAnswer.Converted"/>.
    /// </summary>
    public sealed record Convert(string ImageHash, string? Revision) : ApplyRequest;

    /// <summary>
    /// A command of the recipe in a slot, or in what is being unpacked for it; answered by <see cref="ApplyAnswer.Ended"/>.
    /// </summary>
    public sealed record RunRecipe(RecipeAct Act, Slot Slot, bool Unpacking) : ApplyRequest;

    /// <summary>Kills what a request has started, with its children. Has no answer of its own.</summary>
    public sealed record Stop(RequestId Request) : ApplyRequest;
}
