// Benchmarks by name; each prints a table that can stand in a document as it is.
using Hitless.Bench.Failover;

switch (args)
{
    case ["failover", .. var rest]:
        return await FailoverBench.RunAsync(rest);
    case [] or ["--list"]:
        Console.WriteLine("failover   planned switches and power cuts, Hitless against keepalived + conntrackd: --rounds N --runs N --only WORD --bin DIR --image FILE");
        Console.WriteLine("Planned: heartbeat-jitter, sessions-rate, bulk.");
        return 0;
    default:
        Console.Error.WriteLine($"no benchmark '{args[0]}'\n  list them with: ./dev bench --list");
        return 2;
}
