// Benchmarks by name; each prints a table that can stand in a document as it is.
using System.Globalization;
using Hitless.Bench.Compare;
using Hitless.Bench.Failover;
using Hitless.Bench.Flood;
using Hitless.Bench.Million;
using Hitless.Bench.Sessions;
using Hitless.Bench.Units;
using Hitless.Bench.Waves;

switch (args)
{
    case ["failover", .. var rest] when BenchOptions.Unknown(rest) is { } unknown:
        Console.Error.WriteLine($"failover: what is {unknown}?\n  {BenchOptions.Usage}");
        return 2;
    case ["failover", .. var rest]:
        return await FailoverBench.RunAsync(rest);
    case ["compare", .. var rest]:
        return await CompareBench.RunAsync(rest);
    case ["sessions", .. var rest]:
        return SessionsBench.Run(rest);
    case ["million", .. var rest]:
        return await MillionBench.RunAsync(rest);
    case ["flood", .. var rest]:
        return await FloodBench.RunAsync(rest);
    case ["memory", .. var rest]:
        return await MemoryBench.RunAsync(rest);
    case ["idle", .. var rest]:
        return IdleBench.Run(rest);
    case ["start", .. var rest]:
        return StartBench.Run(rest);
    case ["waves", .. var rest]:
        return WavesBench.Run(rest);
    case ["heartbeat", .. var rest]:
        return HeartbeatBench.Run(rest);
    case ["machine", var unit, var sessions, var rounds]:
        return await Machine.RunAsync(
            unit,
            int.Parse(sessions, CultureInfo.InvariantCulture),
            int.Parse(rounds, CultureInfo.InvariantCulture)
        );
    case ["session-unit", var unit, var role]:
        return SessionUnit.Run(unit, role);
    case [] or ["--list"]:
        Console.WriteLine(
            $"failover   switches, power cuts, pulled cables, frozen and killed daemons, Hitless against keepalived + conntrackd: "
                + $"{BenchOptions.Usage}"
        );
        Console.WriteLine($"compare    the same and replication at both products' defaults, as a page: {CompareBench.Usage}");
        Console.WriteLine(
            "sessions   replication, Hitless against conntrackd (FT-FW): [SESSIONS=200000] [RATE=20000] [rate|sustained|join|churn] "
                + "[MINUTES=60]"
        );
        Console.WriteLine(
            "machines   a join between two emulated machines with a kernel each, Hitless and conntrackd in turn: [SESSIONS=200000] "
                + "[ROUNDS=3]"
        );
        Console.WriteLine("programs   disk, time and memory of the programs: [FOLDER-OF-OTHER-PROGRAMS…]");
        Console.WriteLine(
            "memory     both hitlessd of a cluster with a full table in which sessions end and begin: [SESSIONS=200000] [RATE=5000] "
                + "[MINUTES=60]"
        );
        Console.WriteLine("idle       what two units at peace cost, by thread: [SECONDS=60] [--against DIR]");
        Console.WriteLine(
            "start      from a daemon's start to its first heartbeat and to its API's first answer: [STARTS=20] [--against DIR]"
        );
        Console.WriteLine(
            "heartbeat  how late a real-time thread is while its process collects garbage, native and on the JIT: [SECONDS=8]"
        );
        Console.WriteLine($"million    a cluster with a very large table: comparing, switching, at rest, joining: {MillionOptions.Usage}");
        Console.WriteLine($"waves      a fleet upgraded in waves, simulated with the durations of real runs: {WavesBench.Usage}");
        Console.WriteLine(
            "flood      new sessions as fast as one thread makes them, towards a full table and beyond: [SECONDS=60] [TABLE=300000]"
        );
        return 0;
    default:
        Console.Error.WriteLine($"no benchmark '{args[0]}'\n  list them with: ./dev bench --list");
        return 2;
}
