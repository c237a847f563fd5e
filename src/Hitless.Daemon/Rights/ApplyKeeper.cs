using System.Collections;
using System.Globalization;
using System.Runtime.InteropServices;
using Hitless.Linux.Processes;

namespace Hitless.Daemon.Rights;

/// <summary>
/// hitless-apply as hitlessd starts it, while that has all rights yet: it holds its end of the pair of sockets, reads nothing from it, and
/// starts an <see cref="ApplyServer"/> on it, again whenever one ends. One that ends well was told to, by the end of hitlessd; then this
/// ends too. It is told to end by nobody else: a signal to the whole service is not meant for it.
/// </summary>
internal static class ApplyKeeper
{
    /// <summary>The option of hitlessd that makes it one.</summary>
    public const string Option = "--apply";

    private static readonly TimeSpan PauseMin = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan PauseMax = TimeSpan.FromSeconds(2);

    /// <summary>Runs until hitlessd has ended; the exit code.</summary>
    /// <param name="parent">The process of hitlessd.</param>
    /// <param name="arguments">The arguments of hitlessd, which say where its configuration and its state are.</param>
    public static int Run(string parent, IReadOnlyList<string> arguments)
    {
        using var deaf = DeafToSignals.Enter();
        ProcessName.Set(ProcessName.Keeper);
        var environment = Environment
            .GetEnvironmentVariables()
            .Cast<DictionaryEntry>()
            .ToDictionary(each => (string)each.Key, each => (string?)each.Value ?? "", StringComparer.Ordinal);
        var pause = PauseMin;
        for (var generation = 1; ; generation++)
        {
            var began = Environment.TickCount64;
            var number = (generation % ApplyGeneration.Count).ToString(CultureInfo.InvariantCulture);
            var process = SpawnedProcess.Start(
                Environment.ProcessPath!,
                ProcessName.Apply,
                [ApplyServer.Option, number, .. arguments],
                environment,
                out var problem
            );
            var code = problem is null ? ChildProcess.ExitAsync(process).GetAwaiter().GetResult() : -1;
            if (code == 0 || $"{ChildProcess.Parent}" != parent)
            {
                return 0;
            }

            pause = TimeSpan.FromMilliseconds(Environment.TickCount64 - began) > PauseMax ? PauseMin : pause;
            Console.Error.WriteLine($"hitless-apply: {problem ?? $"ended with {code}"}; it is started again");
            Thread.Sleep(pause);
            pause = pause * 2 < PauseMax ? pause * 2 : PauseMax;
        }
    }
}

/// <summary>Signals that end a process by default are passed over, while this is held.</summary>
internal sealed class DeafToSignals : IDisposable
{
    private static readonly PosixSignal[] Signals = [PosixSignal.SIGTERM, PosixSignal.SIGINT, PosixSignal.SIGHUP, PosixSignal.SIGQUIT];
    private readonly PosixSignalRegistration[] _registrations =
    [
        .. Signals.Select(signal => PosixSignalRegistration.Create(signal, static context => context.Cancel = true)),
    ];

    private DeafToSignals() { }

    public static DeafToSignals Enter() => new();

    public void Dispose()
    {
        foreach (var each in _registrations)
        {
            each.Dispose();
        }
    }
}

/// <summary>What lists of processes call this one, so that nobody takes it for hitlessd.</summary>
internal static class ProcessName
{
    public const string Apply = "hitless-apply";
    public const string Keeper = "hitless-keep";

    public static void Set(string name)
    {
        try
        {
            File.WriteAllText("/proc/self/comm", name);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It is a name.
        }
    }
}
