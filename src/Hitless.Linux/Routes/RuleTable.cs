using System.Globalization;
using System.Net;
using System.Text;
using Hitless.Linux.Links;
using Hitless.Linux.Native;
using Hitless.Linux.Netlink;

namespace Hitless.Linux.Routes;

/// <summary>
/// A policy rule: which packets go by which table. <c>Words</c> is what <c>ip rule</c> would say; <c>Table</c> 0: none, it drops or jumps.
/// </summary>
public sealed record PolicyRule(bool Ipv6, uint Priority, uint Table, string Words);

/// <summary>The policy rules of the namespace of the thread that made it. Not for several threads at once.</summary>
public sealed class RuleTable : IDisposable
{
    private readonly NetlinkRequester _netlink = new(NetlinkProtocol.Route);

    /// <summary>Every rule of IPv4 and IPv6, the three that are always there included.</summary>
    /// <exception cref="NetlinkException">The kernel refuses.</exception>
    public IReadOnlyList<PolicyRule> Read()
    {
        var rules = new List<PolicyRule>();
        Span<byte> buffer = stackalloc byte[64];
        foreach (var family in (ReadOnlySpan<byte>)[Libc.AddressFamilyInet, Libc.AddressFamilyInet6])
        {
            var writer = new NetlinkMessageWriter(buffer);
            writer.BeginMessage(Rtnetlink.GetRule, NetlinkFlags.Request | NetlinkFlags.Dump, _netlink.NextSequence());
            writer.Header(new Rtnetlink.RuleHeader { Family = family });
            writer.EndMessage();
            _netlink.Query(writer.Written, ref rules, Add).ThrowIfFailed("cannot list the policy rules");
        }

        return rules;
    }

    /// <inheritdoc/>
    public void Dispose() => _netlink.Dispose();

    private static void Add(NetlinkMessage message, ref List<PolicyRule> rules)
    {
        if (message.Type != Rtnetlink.NewRule || !message.TryReadHeader<Rtnetlink.RuleHeader>(out var header))
        {
            return;
        }

        var words = new SortedDictionary<int, string>();
        uint priority = 0, table = header.Table, mark = 0, mask = uint.MaxValue;
        var attributes = message.Attributes(12);
        while (attributes.TryRead(out var attribute))
        {
            switch (attribute.Type)
            {
                case 1 when attribute.Value.Length is 4 or 16: // FRA_DST
                    words[1] = $"to {new IPAddress(attribute.Value)}/{header.DestinationLength}";
                    break;
                case 2 when attribute.Value.Length is 4 or 16: // FRA_SRC
                    words[0] = $"from {new IPAddress(attribute.Value)}/{header.SourceLength}";
                    break;
                case 3: // FRA_IIFNAME
                    words[2] = $"iif {attribute.Text}";
                    break;
                case 17: // FRA_OIFNAME
                    words[3] = $"oif {attribute.Text}";
                    break;
                case 6: // FRA_PRIORITY
                    _ = attribute.TryReadU32(out priority);
                    break;
                case 10: // FRA_FWMARK
                    _ = attribute.TryReadU32(out mark);
                    break;
                case 16: // FRA_FWMASK
                    _ = attribute.TryReadU32(out mask);
                    break;
                case 15: // FRA_TABLE
                    _ = attribute.TryReadU32(out table);
                    break;

                // What kernels tell of every rule and what names its maker: the rest (ports, uid, tun id, l3mdev…) is told in bytes, so
                // that a difference is seen whatever it means.
                case 14 or 13 or 21 or 20 or 18 or 19: // FRA_SUPPRESS_PREFIXLEN, FRA_SUPPRESS_IFGROUP, FRA_PROTOCOL, FRA_UID_RANGE, FRA_PAD, FRA_L3MDEV
                    if (attribute.Type is 14 && attribute.TryReadU32(out var length) && length != uint.MaxValue)
                    {
                        words[8] = string.Create(CultureInfo.InvariantCulture, $"suppress_prefixlength {length}");
                    }

                    break;
                default:
                    words[100 + attribute.Type] = $"attribute {attribute.Type} {Convert.ToHexString(attribute.Value)}";
                    break;
            }
        }

        if (mark != 0)
        {
            words[4] = mask == uint.MaxValue ? $"fwmark 0x{mark:x}" : $"fwmark 0x{mark:x}/0x{mask:x}";
        }

        const byte toTable = 1; // FR_ACT_TO_TBL
        var text = new StringBuilder(words.ContainsKey(0) ? "" : "from all ").AppendJoin(' ', words.Values);
        text.Append((header.Flags & 2) != 0 ? " not" : ""); // FIB_RULE_INVERT
        text.Append(header.Action == toTable ? $" lookup {TableName(table)}" : $" action {header.Action}");
        rules.Add(new PolicyRule(header.Family == Libc.AddressFamilyInet6, priority, header.Action == toTable ? table : 0, text.ToString().Replace("  ", " ", StringComparison.Ordinal)));
    }

    private static string TableName(uint table) => table switch
    {
        253 => "default",
        254 => "main",
        255 => "local",
        _ => table.ToString(CultureInfo.InvariantCulture),
    };
}
