using System.Diagnostics;

namespace Hitless.Bench.Sessions;

/// <summary>Two namespaces with a link between them.</summary>
internal static class Shell
{
    public const string A = "hs-bench-a";
    public const string B = "hs-bench-b";

    public static void Make() =>
        Run(
            $$"""
            for n in {{A}} {{B}}; do ip netns add $n; ip -n $n link set lo up; done
            ip -n {{A}} link add hb0 type veth peer name hb0 netns {{B}}; ip -n {{A}} link set hb0 up; ip -n {{B}} link set hb0 up
            ip -n {{A}} addr add 10.92.9.1/24 dev hb0; ip -n {{B}} addr add 10.92.9.2/24 dev hb0
            for n in {{A}} {{B}}; do ip netns exec $n sh -c 'echo 1 > /proc/sys/net/netfilter/nf_conntrack_events; nft add table ip t
            nft "add chain ip t c { type filter hook input priority 0; }"; nft add rule ip t c ct state new counter'; done
            """
        );

    public static void Delete() => Run($"ip netns del {A}; ip netns del {B}");

    public static void Run(string script)
    {
        using var process = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", script]))!;
        process.WaitForExit();
    }
}
