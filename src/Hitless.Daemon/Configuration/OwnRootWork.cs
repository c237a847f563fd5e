using System.Diagnostics;
using System.Globalization;
using Hitless.Core.Configuration;
using Hitless.Core.Rights;
using Hitless.Core.Roles;
using Hitless.Firmware.Files;

namespace Hitless.Daemon.Configuration;

/// <summary>
/// Does what takes root's rights in this process, whatever it is asked for: for <c>hitless-apply</c>, which looks first whether the unit's
/// configuration lists it.
/// </summary>
/// <param name="stateFolder">The state directory; candidates for check commands lie below it for a moment.</param>
/// <param name="settings">Whose unit and cluster hooks are told of.</param>
public class OwnRootWork(string stateFolder, UnitSettings settings) : IRootWork
{
    private readonly string _candidates = Path.Combine(stateFolder, "configuration", "candidates");

    /// <inheritdoc/>
    public FileBefore Read(string path) => DiskFile.Read(path);

    /// <inheritdoc/>
    public virtual Task WriteAsync(FileBefore wanted, TimeSpan timeMax) => DiskFile.WriteAsync(wanted, timeMax);

    /// <inheritdoc/>
    public void Delete(string path) => DiskFile.Delete(path);

    /// <inheritdoc/>
    public void Propose(byte[] clusterFile) { }

    /// <inheritdoc/>
    public Task<CommandOutcome> RunAsync(FileCommand command, TimeSpan timeMax, CancellationToken cancel) =>
        command.Candidate is { } content
            ? CheckCandidateAsync(command, content, timeMax, cancel)
            : ShellCommand.RunAsync(ShellCommand.WithFile(command.Command, command.Path), timeMax, cancel);

    /// <inheritdoc/>
    public Task<CommandOutcome> RunAsync(RoleTask task, RoleChange change, Action<int> started, CancellationToken kill) =>
        ShellCommand.RunAsync(StartOf(task, change), Timeout.InfiniteTimeSpan, started, kill);

    /// <inheritdoc/>
    public Task<CommandOutcome> ProbeAsync(string command, TimeSpan timeMax, CancellationToken cancel) =>
        ShellCommand.RunAsync(command, timeMax, cancel);

    private async Task<CommandOutcome> CheckCandidateAsync(FileCommand command, byte[] content, TimeSpan timeMax, CancellationToken cancel)
    {
        var folder = Path.Combine(_candidates, Guid.NewGuid().ToString("n"));
        try
        {
            Directory.CreateDirectory(folder);
            var candidate = Path.Combine(folder, Path.GetFileName(command.Path));
            DurableFile.WriteAllBytes(candidate, content, DiskFile.ModeOf(command.Mode) ?? DurableFile.OwnerOnly);
            return await ShellCommand.RunAsync(ShellCommand.WithFile(command.Command, candidate), timeMax, cancel);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new CommandOutcome($"the candidate cannot be written: {e.Message}", "");
        }
        finally
        {
            if (Directory.Exists(folder))
            {
                Directory.Delete(folder, recursive: true);
            }
        }
    }

    private ProcessStartInfo StartOf(RoleTask task, RoleChange change)
    {
        var start = task switch
        {
            RoleTask.Hook hook => ShellCommand.StartOf(hook.Command),
            RoleTask.Systemctl ctl => new ProcessStartInfo("systemctl", ["--no-ask-password", ctl.Verb, "--", .. ctl.Units]),
            _ => throw new InvalidOperationException($"{task} is no task"),
        };
        start.Environment["HITLESS_ROLE"] = change.Word.Word;
        start.Environment["HITLESS_EPOCH"] = change.Epoch.ToString(CultureInfo.InvariantCulture);
        start.Environment["HITLESS_REASON"] = change.Reason;
        start.Environment["HITLESS_UNIT"] = settings.Unit.Name;
        start.Environment["HITLESS_CLUSTER"] = settings.Cluster.Name;
        return start;
    }
}
