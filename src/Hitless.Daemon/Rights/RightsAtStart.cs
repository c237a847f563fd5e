using System.Collections;
using Hitless.Firmware.Slots;
using Hitless.Linux.Files;
using Hitless.Linux.Native;
using Hitless.Linux.Processes;
using Hitless.Linux.Sockets;

namespace Hitless.Daemon.Rights;

/// <summary>
/// Divides hitlessd as it was started into two: starts hitless-apply with all rights, and executes this program anew in this very process
/// with those that it needs (docs/decisions/0078). A thread's rights are its own, and a runtime has threads before its program begins: only
/// what is executed has few in all of them. Process number, parent and what is open stay, so that hitless-boot and systemd see one
/// hitlessd.
/// </summary>
internal static class RightsAtStart
{
    /// <summary>Names the end of the pair of sockets to whoever is executed.</summary>
    public const string ChannelVariable = "HITLESS_APPLY";

    private const string ProblemVariable = "HITLESS_RIGHTS";
    private const uint Root = 0;
    private static readonly string[] Suffixes = [".yaml", ".key", ".pem"];

    /// <summary>
    /// What hitlessd keeps: links, routes, nftables and conntrack; raw sockets; real-time scheduling; ports below 1024, which an operator
    /// may have chosen.
    /// </summary>
    public static IReadOnlyList<Capability> Kept { get; } =
    [Capability.NetAdmin, Capability.NetRaw, Capability.SysNice, Capability.NetBindService];

    /// <summary>
    /// The first time in a process it does not return, if all goes well. The second time it answers hitlessd's end of the pair.
    /// </summary>
    /// <param name="args">The arguments of this process.</param>
    /// <param name="arguments">What they say.</param>
    public static DividedRights Divide(string[] args, DaemonArguments arguments)
    {
        if (Environment.GetEnvironmentVariable(ChannelVariable) is { } number)
        {
            var said = Environment.GetEnvironmentVariable(ProblemVariable);
            Environment.SetEnvironmentVariable(ChannelVariable, null);
            Environment.SetEnvironmentVariable(ProblemVariable, null);
            return PacketChannel.TryTakeInherited(number, out var inherited)
                ? new DividedRights(inherited, null, said)
                : new DividedRights(null, "hitless-apply is not there: restart hitlessd in service: systemctl reload hitless", said);
        }

        if (Path.GetFileName(Environment.ProcessPath) is null or "dotnet")
        {
            return new DividedRights(null, "hitless-apply is not there: start hitlessd as a program of its own", null);
        }

        try
        {
            var (ours, theirs) = PacketChannel.Pair();
            using (theirs)
            {
                return Start(theirs, args) is { } absent
                    ? new DividedRights(
                        null,
                        $"hitless-apply could not be started ({absent}): hitlessd does its work itself, with all rights",
                        null
                    )
                    : Execute(ours, args, OthersFile(arguments));
            }
        }
        catch (IOException e)
        {
            return new DividedRights(null, $"hitless-apply could not be started ({e.Message}): hitlessd does its work itself", null);
        }
    }

    /// <summary>Starts hitless-apply on its end of the pair; null, or why it does not run.</summary>
    private static string? Start(PacketChannel theirs, string[] args)
    {
        var environment = OwnEnvironment();
        environment[ChannelVariable] = theirs.Inherit(yes: true);

        // Only hitlessd says that its loops turn.
        if (environment.Remove(SlotStore.PulseVariable, out var pulse))
        {
            InheritedDescriptor.TryKeepFromChildren(pulse);
        }

        SpawnedProcess.Start(
            Environment.ProcessPath!,
            ProcessName.Keeper,
            [ApplyKeeper.Option, $"{Environment.ProcessId}", .. args],
            environment,
            out var problem
        );
        theirs.Inherit(yes: false);
        if (pulse is not null)
        {
            InheritedDescriptor.TryHandOn(pulse);
        }

        return problem;
    }

    private static DividedRights Execute(PacketChannel ours, string[] args, string? othersFile)
    {
        var problem = OwnRights.KeepOnly(othersFile is null ? Kept : [.. Kept, Capability.DacOverride]);
        problem ??= SystemCallFilter.Enter();
        problem ??= othersFile is null
            ? null
            : $"{othersFile} belongs to another user, so CAP_DAC_OVERRIDE is kept: chown root {othersFile}, then restart hitlessd";
        var environment = OwnEnvironment();
        environment[ChannelVariable] = ours.Inherit(yes: true);
        if (problem is not null)
        {
            environment[ProblemVariable] = problem;
        }

        var why = ProcessImage.Replace(Environment.ProcessPath!, args, environment);
        ours.Inherit(yes: false);
        return new DividedRights(ours, null, $"{Environment.ProcessPath} cannot be executed again ({why}): some threads keep all rights");
    }

    /// <summary>
    /// A file that hitlessd has to read or replace, and cannot as a root without CAP_DAC_OVERRIDE: another user's. Null: there is none.
    /// </summary>
    private static string? OthersFile(DaemonArguments arguments)
    {
        var (own, state) = (Path.GetDirectoryName(arguments.Config)!, arguments.State);
        try
        {
            return OwnRights.UserId != Root
                ? null
                : new[] { own, Path.GetDirectoryName(arguments.Socket)! }
                    .Concat(EntriesOf(own).Where(path => Suffixes.Contains(Path.GetExtension(path), StringComparer.Ordinal)))
                    .Concat(new[] { state, Path.Combine(state, "configuration") }.SelectMany(each => EntriesOf(each).Prepend(each)))
                    .FirstOrDefault(path => FileFacts.TryRead(path, out var facts) && facts.Owner != Root);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static IEnumerable<string> EntriesOf(string folder) =>
        Directory.Exists(folder) ? Directory.EnumerateFileSystemEntries(folder) : [];

    private static Dictionary<string, string> OwnEnvironment() =>
        Environment
            .GetEnvironmentVariables()
            .Cast<DictionaryEntry>()
            .ToDictionary(each => (string)each.Key, each => (string?)each.Value ?? "", StringComparer.Ordinal);
}

/// <summary>How this process stands to hitless-apply.</summary>
/// <param name="Channel">hitlessd's end of the pair; null: there is none.</param>
/// <param name="Absent">Why there is none, in one line; null: there is.</param>
/// <param name="Kept">Which rights this process has beyond those that it needs, and why, in one line; null: none.</param>
internal sealed record DividedRights(PacketChannel? Channel, string? Absent, string? Kept);
