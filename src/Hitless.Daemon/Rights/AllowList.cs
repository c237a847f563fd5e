using Hitless.Core.Api;
using Hitless.Core.Configuration;
using Hitless.Core.Rights;
using Hitless.Core.Roles;
using Hitless.Daemon.Configuration;

namespace Hitless.Daemon.Rights;

/// <summary>
/// What hitless-apply does for whoever holds hitlessd: what this unit's own configuration lists, which it reads itself. Each answer is null
/// where it may be done, else a line that says what is not listed.
/// </summary>
/// <param name="settings">unit.yaml, with cluster.yaml over it, as read by hitless-apply when it started.</param>
/// <param name="clusterFile">Reads a cluster.yaml as this unit would.</param>
/// <param name="head">The unit's current revision when hitless-apply started; null: it had none.</param>
/// <param name="targets">The targets of systemd that follow the role are this unit's.</param>
public sealed class AllowList(UnitSettings settings, ClusterFileHere clusterFile, Revision? head, bool targets)
{
    private const int ListedMax = 4096;
    private const int ProposedMaxBytes = UnitFile.LengthMaxBytes;
    private static readonly string[] Verbs = ["start", "stop"];
    private readonly Lock _gate = new();
    private readonly List<ManagedFileSettings> _listed =
    [
        .. settings.Files,
        .. head is null || settings.Unit.OwnCommands
            ? []
            : head.Files.Select(file => new ManagedFileSettings(file.Path, file.Check, file.Apply, file.Verify)),
    ];

    /// <summary>A managed file may be read, written and deleted.</summary>
    public string? Refuse(string path)
    {
        lock (_gate)
        {
            return path == clusterFile.RealPath || _listed.Exists(each => each.Path == path)
                ? null
                : $"{Quoted(path)} is not listed under configuration.files on this unit";
        }
    }

    /// <summary>A command of a managed file may be run.</summary>
    public string? Refuse(FileCommand command)
    {
        lock (_gate)
        {
            return _listed.Exists(each => PathOf(each) == command.Path && CommandOf(each, command.Kind) == command.Command)
                ? null
                : $"the command {Quoted(command.Command)} is not listed for {Quoted(command.Path)} on this unit";
        }
    }

    /// <summary>A hook, or services that follow the role.</summary>
    public string? Refuse(RoleTask task) =>
        task switch
        {
            RoleTask.Hook hook when HooksOf(settings.Hooks).Contains(hook.Command, StringComparer.Ordinal) => null,
            RoleTask.Hook hook => $"the command {Quoted(hook.Command)} is not listed under hooks on this unit",
            RoleTask.Systemctl ctl when !Verbs.Contains(ctl.Verb, StringComparer.Ordinal) =>
                $"systemctl {Quoted(ctl.Verb)} is not asked for",
            RoleTask.Systemctl { Units.Count: > 0 } ctl when ctl.Units.FirstOrDefault(unit => !Follows(unit)) is { } unlisted =>
                $"{Quoted(unlisted)} is not listed under services on this unit",
            RoleTask.Systemctl { Units.Count: > 0 } => null,
            _ => "nothing is listed for it on this unit",
        };

    /// <summary>The command of a probe, or one whose output a run compares.</summary>
    public string? RefuseProbe(string command) =>
        settings.Health.Any(probe => probe.Target is ProbeTarget.Exec exec && exec.Command == command)
        || settings.Compared.Any(each => each.Command == command)
            ? null
            : $"the command {Quoted(command)} is not listed under health or compare on this unit";

    /// <summary>
    /// The cluster.yaml of a revision that is about to be checked. What it lists newly counts from here on, and is answered, a line each:
    /// that it was a cluster.yaml is what the log of this process says, whatever the unit's events say.
    /// </summary>
    public IReadOnlyList<string> Propose(byte[] content)
    {
        var listed = content.Length > ProposedMaxBytes ? [] : clusterFile.FilesListedBy(content);
        lock (_gate)
        {
            var added = listed.Where(each => !_listed.Exists(known => Same(known, each)) && _listed.Count < ListedMax).ToList();
            _listed.AddRange(added);
            return [.. added.Select(each => $"{Quoted(each.Path)} is listed by cluster.yaml from here on{Commands(each)}")];
        }
    }

    private static bool Same(ManagedFileSettings one, ManagedFileSettings other) =>
        (one.Path, one.Check, one.Apply, one.Verify) == (other.Path, other.Check, other.Apply, other.Verify);

    private static string Commands(ManagedFileSettings file) =>
        string.Concat(new[] { file.Check, file.Apply, file.Verify }.OfType<string>().Select(each => $", with {Quoted(each)}"));

    private static string? CommandOf(ManagedFileSettings file, FileCommandKind kind) =>
        kind switch
        {
            FileCommandKind.Check => file.Check,
            FileCommandKind.Apply => file.Apply,
            _ => file.Verify,
        };

    private static IEnumerable<string?> HooksOf(HookSettings hooks) => [hooks.Primary, hooks.Standby, hooks.Fault, hooks.Stop];

    /// <summary>What is refused is somebody else's text, and goes into a log: in one line, and not all of it.</summary>
    private static string Quoted(string text)
    {
        const int shownMax = 200;
        var shown = text.Length > shownMax ? text[..shownMax] + "…" : text;
        return $"\"{new string([.. shown.Select(c => char.IsControl(c) ? '.' : c)])}\"";
    }

    private string PathOf(ManagedFileSettings file) => file.Path == ClusterFile.Path ? clusterFile.RealPath : file.Path;

    private bool Follows(string unit) =>
        settings.Services.Any(each => each.Unit == unit) || (targets && unit is RoleTasks.PrimaryTarget or RoleTasks.StandbyTarget);
}
