using Hitless.Core.Rights;
using Hitless.Core.Roles;

namespace Hitless.Daemon.Configuration;

/// <summary>
/// What a unit does on its own machine that takes root's rights: managed files and their commands, hooks, services, commands of probes.
/// <c>hitlessd</c> asks <c>hitless-apply</c> for it; <see cref="OwnRootWork"/> does it in this process.
/// </summary>
public interface IRootWork
{
    /// <summary>What stands at a managed path; at most <see cref="Core.Configuration.CommitRules.FileLengthMaxBytes"/>.</summary>
    /// <exception cref="ManagedFileException">It cannot be read, and why, in one line.</exception>
    FileBefore Read(string path);

    /// <summary>
    /// Replaces a managed file in one step, with the owner, mode and extended attributes of the one that stood there; the mode and owner of
    /// <paramref name="wanted"/>, if given, win.
    /// </summary>
    /// <exception cref="ManagedFileException">It cannot be written, and why, in one line.</exception>
    Task WriteAsync(FileBefore wanted, TimeSpan timeMax);

    /// <summary>Takes a managed file away; none is fine.</summary>
    /// <exception cref="ManagedFileException">It cannot be deleted, and why, in one line.</exception>
    void Delete(string path);

    /// <summary>The <c>cluster.yaml</c> of a revision that is about to be checked: files that it lists count from here on.</summary>
    void Propose(byte[] clusterFile);

    /// <summary>Runs a command of a managed file to its end, or kills it and its children after <paramref name="timeMax"/>.</summary>
    Task<CommandOutcome> RunAsync(FileCommand command, TimeSpan timeMax, CancellationToken cancel);

    /// <summary>
    /// Runs a hook, or has services follow, until it ends or <paramref name="kill"/>. <paramref name="started"/> is called with the
    /// process's number.
    /// </summary>
    Task<CommandOutcome> RunAsync(RoleTask task, RoleChange change, Action<int> started, CancellationToken kill);

    /// <summary>
    /// Runs a command of a probe or of compare to its end, or kills it and its children after <paramref name="timeMax"/>.
    /// </summary>
    Task<CommandOutcome> ProbeAsync(string command, TimeSpan timeMax, CancellationToken cancel);
}
