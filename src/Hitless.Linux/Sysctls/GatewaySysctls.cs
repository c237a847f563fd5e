namespace Hitless.Linux.Sysctls;

/// <summary>The kernel settings that a unit needs, and why.</summary>
public static class GatewaySysctls
{
    private const string AnyWindow = "net/netfilter/nf_conntrack_tcp_be_liberal";

    /// <summary>Sets them all; an interface that is absent is reported and the others are done.</summary>
    /// <returns>One line for each setting that failed.</returns>
    public static IReadOnlyList<string> Apply(SysctlScope scope, IEnumerable<string> ports)
    {
        var failures = new List<string>();
        Set("net/ipv4/ip_forward", "1");
        Set("net/ipv6/conf/all/forwarding", "1");

        // By default (2) an entry that is made while nobody listens never tells its changes: those that a standby holds would stay silent after a switch.
        Set("net/netfilter/nf_conntrack_events", "1");
        // By default (1000 ms) a second crash within a second is not told to the other units, and whoever waits for a daemon to come back goes by that word (docs/decisions/0021).
        Set("net/ipv4/icmp_ratelimit", "10");
        Set("net/ipv6/icmp/ratelimit", "10");
        foreach (var port in ports)
        {
            // A port answers only for addresses that stand on it: other ports have other virtual MACs.
            Set($"net/ipv4/conf/{port}/arp_ignore", "1");

            // The sender of an ARP request is an address of this port, the own one before the virtual one.
            Set($"net/ipv4/conf/{port}/arp_announce", "2");

            // If the own address of a network is removed, the virtual one must not go with it.
            Set($"net/ipv4/conf/{port}/promote_secondaries", "1");

            // The other units hold the same virtual addresses: looking for duplicates would find them.
            Set($"net/ipv6/conf/{port}/accept_dad", "0");
        }

        return failures;

        void Set(string name, string value)
        {
            if (scope.Set(name, value) is { } failure)
            {
                failures.Add(failure);
            }
        }
    }

    /// <summary>Lets connection tracking take TCP packets outside the window that it knows.</summary>
    /// <returns>Null, or one line that says why it could not be set.</returns>
    public static string? TakeAnyWindow(SysctlScope scope) => scope.Set(AnyWindow, "1");

    /// <summary>Takes back what <see cref="TakeAnyWindow"/> has set.</summary>
    /// <returns>Null, or one line that says why it could not be put back.</returns>
    public static string? TakeOwnWindow(SysctlScope scope) => scope.Restore(AnyWindow);
}
