using Hitless.Core.Api;

namespace Hitless.Cli.Setup;

/// <summary>What may stand in the way of a unit on this machine, and what to do about it.</summary>
internal static class MachineChecks
{
    private static readonly Version KernelMin = new(6, 1);
    private const int MtuUsual = 1500;

    /// <summary>All checks; <paramref name="heartbeat"/> is the interface of the heartbeat link.</summary>
    public static IReadOnlyList<CheckResult> Run(MachineInterface heartbeat, int port) =>
        [Kernel(), Conntrack(), Link(heartbeat), Firewall(heartbeat.Name, port), Clock(), Others()];

    private static CheckResult Kernel() =>
        Environment.OSVersion.Version >= KernelMin
            ? Pass("kernel", $"Linux {Environment.OSVersion.Version.ToString(2)}")
            : new CheckResult(
                "kernel",
                CheckOutcome.Fail,
                $"Linux {Environment.OSVersion.Version.ToString(2)} is too old",
                "upgrade the kernel: Debian 12, Ubuntu 24.04 and RHEL 10 have one that is new enough (6.1)"
            );

    private static CheckResult Conntrack() =>
        File.Exists("/proc/sys/net/netfilter/nf_conntrack_max")
            ? Pass("conntrack", "the kernel tracks connections")
            : Warn("conntrack", "nf_conntrack is not loaded", "modprobe nf_conntrack, and put it into /etc/modules-load.d/");

    private static CheckResult Link(MachineInterface heartbeat) =>
        !heartbeat.Up ? Warn("heartbeat-link", $"{heartbeat.Name} is down", $"ip link set {heartbeat.Name} up; is its cable in?")
        : heartbeat.Mtu is > 0 and < MtuUsual
            ? Warn(
                "heartbeat-link",
                $"{heartbeat.Name} has an MTU of {heartbeat.Mtu}",
                $"{MtuUsual} or more costs less: ip link set {heartbeat.Name} mtu {MtuUsual}"
            )
        : Pass("heartbeat-link", $"{heartbeat.Name} is up, MTU {heartbeat.Mtu}");

    private static CheckResult Firewall(string heartbeat, int port)
    {
        if (Machine.Run("nft", "list", "chains") is not { Code: 0 } listed)
        {
            return Pass("firewall", "not looked at: nft is not there, or lists nothing");
        }

        return listed
            .Output.Split('\n')
            .Any(line => line.Contains("hook input", StringComparison.Ordinal) && line.Contains("policy drop", StringComparison.Ordinal))
            ? Warn(
                "firewall",
                "a chain at the hook input drops what no rule accepts",
                $"accept on {heartbeat}: iifname \"{heartbeat}\" udp dport {{ {port}, {port + 1} }} accept; "
                    + $"iifname \"{heartbeat}\" tcp dport {{ {port + 2}, {port + 3} }} accept; "
                    + $"iifname \"{heartbeat}\" icmp type echo-request accept"
            )
            : Pass("firewall", "no chain at the hook input drops by policy");
    }

    private static CheckResult Clock() =>
        Machine.Run("timedatectl", "show", "--property=NTPSynchronized", "--value") is { Code: 0, Output: var answer }
        && answer.Trim() != "yes"
            ? Warn(
                "clock",
                "the clock is not synchronized",
                "set up NTP (systemd-timesyncd or chrony): reports and certificates need the time"
            )
            : Pass("clock", "synchronized, or not known");

    private static CheckResult Others()
    {
        string[] rivals = ["keepalived", "conntrackd", "vrrpd", "ucarp"];
        var active = Machine.HasSystemd
            ? rivals.Where(each => Machine.Run("systemctl", "is-active", "--quiet", each) is { Code: 0 }).ToList()
            : [];
        return active.Count == 0
            ? Pass("other-programs", "none that moves addresses or sessions")
            : Warn(
                "other-programs",
                $"{string.Join(" and ", active)} runs here, and does the same work",
                $"stop it before Hitless has its addresses: systemctl disable --now {string.Join(' ', active)}"
            );
    }

    private static CheckResult Pass(string id, string text) => new(id, CheckOutcome.Pass, text, null);

    private static CheckResult Warn(string id, string text, string remedy) => new(id, CheckOutcome.Warn, text, remedy);
}
