namespace Hitless.Lab.Network;

/// <summary>
/// The operator's <c>nftables.conf</c>: a strict firewall with NAT, written for the ports' own names. Hitless must not make it change.
/// </summary>
public static class Firewall
{
    private static readonly string Services = $"{Ports.Echo}, {Ports.Short}, {Ports.Http}";

    /// <summary>
    /// The file's text, the same on every unit. It begins as a distribution's does, with <c>flush ruleset</c>, which takes away every other
    /// program's tables too.
    /// <paramref name="masquerade"/>: hidden sources leave with whatever address their port has first, not with the virtual one: those
    /// sessions cannot follow a switch.
    /// <paramref name="management"/>: a port that the operator enters the gateway by.
    /// </summary>
    public static string Text(bool masquerade, string management = "lo") =>
        $$"""
            #!/usr/sbin/nft -f
            # The gateway's firewall. Managed by Hitless: change it with `hitless config edit`.
            flush ruleset

            table inet gateway {
                chain input {
                    type filter hook input priority filter; policy drop;
                    iifname { "lo", "{{management}}" } accept
                    iifname { "hb0", "hb1", "ss0" } udp dport { 8417, 8418 } accept
                    iifname { "hb0", "hb1", "ss0" } tcp dport 8419 accept
                    iifname "lan0" tcp dport {{Ports.Web}} accept
                    ct state established,related accept
                    ct state invalid drop
                    icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert, nd-router-solicit, nd-router-advert } accept
                    icmp type echo-request accept
                    icmpv6 type echo-request accept
                }

                chain forward {
                    type filter hook forward priority filter; policy drop;
                    ct state established,related accept
                    ct state invalid drop
                    iifname "lan0" oifname "wan0" ct state new accept
                }

                chain to-server {
                    type nat hook prerouting priority dstnat; policy accept;
                    iifname "lan0" ip daddr {{Addresses.VirtualLan}} tcp dport { {{Services}} } dnat ip to {{Addresses.Server}}
                    iifname "lan0" ip6 daddr {{Addresses.VirtualLan6}} tcp dport { {{Services}} } dnat ip6 to {{Addresses.Server6}}
                }

                chain hide {
                    type nat hook postrouting priority srcnat; policy accept;
                    oifname "wan0" ip saddr 10.10.1.192/26 {{(masquerade ? "masquerade" : $"snat ip to {Addresses.VirtualWan}")}}
                    oifname "wan0" ip6 saddr fd00:1::200/120 {{(masquerade ? "masquerade" : $"snat ip6 to {Addresses.VirtualWan6}")}}
                }
            }

            """;

    /// <summary>The operator's own sysctls: routing on, and connections that began unseen are not picked up.</summary>
    public static IReadOnlyList<string> Sysctls { get; } =
    ["net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1", "net.netfilter.nf_conntrack_tcp_loose=0"];
}
