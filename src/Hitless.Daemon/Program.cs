using System.Runtime.InteropServices;
using Hitless.Core.Firmware;
using Hitless.Core.Wire;
using Hitless.Daemon;
using Hitless.Daemon.Api;
using Hitless.Daemon.Configuration;
using Hitless.Daemon.Hosting;
using Hitless.Daemon.Joining;
using Hitless.Daemon.Requests;
using Hitless.Daemon.Rights;
using Hitless.Firmware.Images;
using Hitless.Firmware.Signing;
using Hitless.Linux.Native;
using Hitless.Linux.Scheduling;

Console.SetError(new EnduringWriter(Console.Error));
if (ApplyProcess.Run(args) is { } applied)
{
    return applied;
}

// A restart that is asked for while we start is under way already: nothing to do, and no reason to die.
Unit? running = null;
using var restart = PosixSignalRegistration.Create(PosixSignal.SIGHUP, context =>
{
    context.Cancel = true;
    running?.RequestRestart();
});
if (!DaemonArguments.TryParse(args, out var arguments, out var usage))
{
    Console.Error.WriteLine(usage);
    return 2;
}

if (arguments.ShowVersion)
{
    Console.WriteLine($"hitlessd {RunningRelease.Version}, wire protocol {WireVersion.Major}.{RunningRelease.WireMinor}");
    return 0;
}

if (arguments.SelfCheck)
{
    return await SelfCheck.RunAsync(Console.Out);
}

if (arguments.Convert)
{
    using var question = Console.OpenStandardInput();
    return ConfigurationConverter.Run(question, Console.Out, Console.Error);
}

if (arguments.RestoreUnit is { } restored)
{
    var (written, refusal) = UnitRestore.Run(arguments.From ?? "", restored, arguments.Config);
    Console.Error.WriteLine(
        refusal is null ? $"wrote {string.Join(" and ", written)}; hitlessd can be started" : $"{refusal.Error}\n{refusal.Remedy}"
    );
    return refusal is null ? 0 : 1;
}

if (KernelRelease.Refuse() is { } tooOld)
{
    Console.Error.WriteLine(
        $"{tooOld}\nupgrade this machine's kernel first: Debian 12, Ubuntu 24.04 and RHEL 10 have one that is new enough"
    );
    return 2;
}

var rights = RightsAtStart.Divide(args, arguments);
if (
    !LastGoodUnitFile.TryRead(
        arguments.Config,
        ClusterFileHere.RealPathIn(arguments.State),
        out var settings,
        out var problems,
        out var damage
    )
)
{
    foreach (var problem in problems)
    {
        Console.Error.WriteLine(problem);
    }

    return 2;
}

if (!ClusterKeyFile.TryRead(settings.Cluster.KeyFile, arguments.State, out var keys, out var noKey, out var lostKey))
{
    Console.Error.WriteLine($"{noKey.Error}\n{noKey.Remedy}");
    return 2;
}

// A gateway without it forwards as well, and accepts no image.
var trust = TrustStore.Empty;
ImageProblem? untrusted = null;
_ = settings.Upgrade.TrustFile is { } trustFile && TrustStore.TryRead(trustFile, out trust, out untrusted);

using var apply = rights.Channel is { } channel ? new ApplyClient(channel, arguments.State) : null;
var root = apply is null ? RootTasks.Own(arguments.State, settings) with { Absent = rights.Absent } : RootTasks.By(apply);
await using var unit = new Unit(settings, arguments.Config, arguments.State, keys, trust, root);
running = unit;
if (rights.Kept is { } kept)
{
    unit.Note($"hitlessd has more rights than it needs: {kept}");
}

if (lostKey is not null)
{
    unit.NoteDamage(lostKey);
}
else if (ClusterKeyFile.OpenToOthers(settings.Cluster.KeyFile) is { } open)
{
    unit.NoteDamage(open);
}

if (damage is not null)
{
    unit.NoteDamage(damage);
}

if (untrusted is not null)
{
    unit.NoteDamage($"{untrusted.Error}: no image is accepted; {untrusted.Remedy}, then restart hitlessd");
}

var files = new SettingsFiles(Path.GetFullPath(arguments.Config), arguments.State);
var joining = new JoinService(unit, settings, files, JoinService.PackageFolder);
joining.Map(unit.PeerServer);
await using var invitations = new Invitations(joining, settings, unit);
await using var api = new ApiHost(unit, arguments.Socket, new KeptRequests(arguments.State, TimeProvider.System), Console.Error.WriteLine);
invitations.Map(api.Routes);
unit.MapMaintenance(api.Routes);
unit.MapFeed(api.Routes);
unit.MapKeys(api.Routes, files);
using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
try
{
    await unit.StartAsync(CancellationToken.None);
    await api.StartAsync(CancellationToken.None);
    await unit.Stopped;

    // The unit has left the cluster. Whatever is slow to end must not keep hitless-boot from starting the next slot.
    _ = Task.Delay(TimeSpan.FromSeconds(5)).ContinueWith(_ => Environment.Exit(unit.ExitCode), TaskScheduler.Default);
    return unit.ExitCode;
}
catch (IOException e)
{
    Console.Error.WriteLine($"hitlessd cannot run: {e.Message}");
    return 1;
}

void Stop(PosixSignalContext context)
{
    context.Cancel = true;
    unit.RequestStop();
}
