namespace Hitless.Linux.Sysctls;

/// <summary>The kernel settings that a unit needs, and why.</summary>
public static class GatewaySysctls
{
    /// <summary>The value of <c>accept_ra</c> with which router advertisements are heard where IPv6 is forwarded, too.</summary>
    public const string EvenIfForwarding = "2";

    private const string AnyWindow = "net/netfilter/nf_conntrack_tcp_be_liberal";
    private const string Ipv6Forwarding = "net/ipv6/conf/all/forwarding";
    private const string Ipv6Interfaces = "net/ipv6/conf";

    /// <summary>Every setting that must be so, in the order in which they are set.</summary>
    public static IEnumerable<(string Name, string Value)> Wanted(IEnumerable<string> ports)
    {
        yield return ("net/ipv4/ip_forward", "1");
        yield return (Ipv6Forwarding, "1");

        // By default (2) an entry that is made while nobody listens never tells its changes: those that a standby holds would stay silent
        // after a switch.
        yield return ("net/netfilter/nf_conntrack_events", "1");

        // By default (1000 ms) a second crash within a second is not told to the other units, and whoever waits for a daemon to come back
        // goes by that word (docs/decisions/0021).
        yield return ("net/ipv4/icmp_ratelimit", "10");
        yield return ("net/ipv6/icmp/ratelimit", "10");
        foreach (var port in ports)
        {
            // An interface can be taken out of what the two settings above allow.
            yield return ($"net/ipv4/conf/{port}/forwarding", "1");
            yield return ($"net/ipv6/conf/{port}/forwarding", "1");

            // A port answers only for addresses that stand on it: other ports have other virtual MACs.
            yield return ($"net/ipv4/conf/{port}/arp_ignore", "1");

            // The sender of an ARP request is an address of this port, the own one before the virtual one.
            yield return ($"net/ipv4/conf/{port}/arp_announce", "2");

            // If the own address of a network is removed, the virtual one must not go with it.
            yield return ($"net/ipv4/conf/{port}/promote_secondaries", "1");

            // The other units hold the same virtual addresses: looking for duplicates would find them.
            yield return ($"net/ipv6/conf/{port}/accept_dad", "0");
        }
    }

    /// <summary>Sets them all; an interface that is absent is reported and the others are done.</summary>
    /// <returns>One line for each setting that failed.</returns>
    public static IReadOnlyList<string> Apply(SysctlScope scope, IEnumerable<string> ports)
    {
        var failures = KeepAdvertisements(scope);
        failures.AddRange(Wanted(ports).Select(each => scope.Set(each.Name, each.Value)).OfType<string>());
        return failures;
    }

    /// <summary>
    /// Router advertisements that are heard now are heard on: where IPv6 is forwarded, the kernel takes them only from interfaces with
    /// <c>accept_ra=2</c>, and drops the default routes that they
    /// gave before (ip-sysctl: accept_ra). To be called before forwarding is turned on.
    /// </summary>
    private static List<string> KeepAdvertisements(SysctlScope scope)
    {
        if (SysctlScope.Read(Ipv6Forwarding) != "0")
        {
            return [];
        }

        return
        [
            .. scope
                .Below(Ipv6Interfaces)
                .Where(name =>
                    SysctlScope.Read($"{Ipv6Interfaces}/{name}/accept_ra") == "1"
                    && SysctlScope.Read($"{Ipv6Interfaces}/{name}/forwarding") == "0"
                )
                .Select(name => scope.Set($"{Ipv6Interfaces}/{name}/accept_ra", EvenIfForwarding))
                .OfType<string>(),
        ];
    }

    /// <summary>
    /// Where router advertisements were heard on, and somebody has set 1 since (a file of sysctl.d that was read again, an interface that
    /// was made anew), they would be dropped now. One who does not want them any more sets 0.
    /// </summary>
    /// <returns>What was set back, with what stood there.</returns>
    public static IReadOnlyList<(string Name, string Found)> KeepAdvertisementsAgain(SysctlScope scope)
    {
        List<(string, string)> again = [];
        foreach (var (name, before) in scope.Before.ToArray())
        {
            if (
                before == "1"
                && name.EndsWith("/accept_ra", StringComparison.Ordinal)
                && SysctlScope.Read(name) == before
                && scope.Set(name, EvenIfForwarding) is null
            )
            {
                again.Add((name, before));
            }
        }

        return again;
    }

    /// <summary>Lets connection tracking take TCP packets outside the window that it knows.</summary>
    /// <returns>Null, or one line that says why it could not be set.</returns>
    public static string? TakeAnyWindow(SysctlScope scope) => scope.Set(AnyWindow, "1");

    /// <summary>Takes back what <see cref="TakeAnyWindow"/> has set.</summary>
    /// <returns>Null, or one line that says why it could not be put back.</returns>
    public static string? TakeOwnWindow(SysctlScope scope) => scope.Restore(AnyWindow);
}
