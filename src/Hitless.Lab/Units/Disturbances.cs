using System.Text;
using Hitless.Lab.Network;
using Hitless.Lab.Tools;

namespace Hitless.Lab.Units;

/// <summary>
/// What other programs and operators do to a gateway (docs/decisions/0040). A unit that starts just then may refuse some of it.
/// </summary>
public static class Disturbances
{
    /// <summary>The operator's default route is taken away, or set again.</summary>
    public static void LoseRoute(LabUnit unit, bool lost)
    {
        UnitPower.Note(unit, lost ? "the default route is deleted" : "the default route is set again");
        string[] words = lost
            ? ["route", "del", "default"]
            : ["route", "replace", "default", "via", Addresses.Server, "src", Addresses.VirtualWan];
        _ = Tool.Try("ip", ["-n", unit.Namespace, .. words]);
    }

    /// <summary>Somebody turns forwarding off, for both families.</summary>
    public static void ResetSysctls(LabUnit unit)
    {
        UnitPower.Note(unit, "forwarding is turned off");
        _ = Tool.Try("ip", ["netns", "exec", unit.Namespace, "sysctl", "-qw", "net.ipv4.ip_forward=0", "net.ipv6.conf.all.forwarding=0"]);
    }

    /// <summary>
    /// The operator's file is loaded again, which flushes everything in the same transaction. (Flushed before and loaded after, translated
    /// connections break on any Linux: their packets leave as they are meanwhile.)
    /// </summary>
    public static void ReloadFirewall(LabUnit unit)
    {
        UnitPower.Note(unit, "the ruleset is flushed and loaded again");
        _ = Tool.Try("ip", unit.Inside("nft", "-f", "/etc/hitless/nftables.conf"));
    }

    /// <summary>An interface vanishes with everything on it, or is made anew with the unit's own addresses.</summary>
    public static void RemakeInterface(LabUnit unit, string port, bool gone)
    {
        UnitPower.Note(unit, gone ? $"{port} is deleted" : $"{port} is made anew");
        if (gone)
        {
            _ = Tool.Try("ip", ["-n", unit.Namespace, "link", "del", port]);
            return;
        }

        Topology.AttachMissing(unit.Plan, unit.Name);
        var lines = new StringBuilder($"link set {port} up\n");
        foreach (var address in Addresses.Own(port, unit.Number))
        {
            lines.AppendLine($"address replace {address} dev {port}{(address.Contains(':', StringComparison.Ordinal) ? " nodad" : "")}");
        }

        Topology.Batch(unit.Namespace, lines);
    }
}
