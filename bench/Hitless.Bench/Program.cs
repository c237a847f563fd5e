// Benchmarks by name; each prints a table that can stand in a document as it is.
if (args is ["--list"] or [])
{
    Console.WriteLine("No benchmark stands yet. Planned: heartbeat-jitter, sessions-rate, bulk, gap (peers: keepalived + conntrackd).");
    return 0;
}

Console.Error.WriteLine($"no benchmark '{args[0]}'\n  list them with: ./dev bench --list");
return 2;
