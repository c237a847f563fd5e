// hitless-boot: picks an application slot and keeps hitlessd running from it. Never part of an image, so it stays small.
using System.Runtime.InteropServices;
using Hitless.Boot;
using Hitless.Firmware.Images;
using Hitless.Firmware.Slots;
using Hitless.Linux.Processes;

if (args is ["--help"] or ["-h"])
{
    Console.WriteLine(BootOptions.Usage);
    return 0;
}

if (args is ["--version"])
{
    Console.WriteLine($"hitless-boot {RunningRelease.CompiledVersion}");
    return 0;
}

if (args is ["--manual"])
{
    Console.Write(BootOptions.Manual);
    return 0;
}

if (!BootOptions.TryParse(args, out var options, out var wrong))
{
    Console.Error.WriteLine($"hitless-boot: {wrong}");
    Console.Error.WriteLine(BootOptions.Usage);
    return 2;
}

Action<string> log = text =>
{
    try
    {
        Console.Error.WriteLine($"hitless-boot: {text}");
    }
    catch (IOException)
    {
        // A log that lies on a full disk stops nothing.
    }
};
var slots = options.System is null
    ? new SlotStore(options.State)
    : new SlotStore(options.State, new RaucBackend(own: null, new RaucCommand("rauc")));
if (options.Install is not null)
{
    return FirstInstallation.Run(options.Install, options.Trust!, slots, DateTimeOffset.UtcNow, log);
}

using var stop = new CancellationTokenSource();
Action<PosixSignalContext> onStop = context =>
{
    context.Cancel = true;
    ServiceNotice.Stopping();
    stop.Cancel();
};
using var term = PosixSignalRegistration.Create(PosixSignal.SIGTERM, onStop);
using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, onStop);
using var instance = SingleInstance.TryTake(options.State, log);
if (instance is null)
{
    log($"another hitless-boot already runs on {options.State}; stop it first, or give another --state");
    return 1;
}

var supervisor = new Supervisor(options, slots, new OwnProgram(Environment.ProcessPath!), log);
using var restart = PosixSignalRegistration.Create(PosixSignal.SIGHUP, context =>
{
    context.Cancel = true;
    supervisor.RestartDaemon();
});

using var replace = PosixSignalRegistration.Create((PosixSignal)Signal.User2, context =>
{
    context.Cancel = true;
    supervisor.ReplaceProgram();
});

// It is ready whatever becomes of hitlessd: a gateway whose daemon falls is started anew, and never given up by systemd.
ServiceNotice.Ready();
return await supervisor.RunAsync(stop.Token, OwnProgram.TakeAdopted(log));
