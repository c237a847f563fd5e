using System.Globalization;
using System.Net;
using System.Runtime.InteropServices;
using System.Text;
using Hitless.Core.Forwarding;
using Hitless.Linux.Links;
using Hitless.Linux.Native;
using Hitless.Linux.Netlink;

namespace Hitless.Linux.Routes;

/// <summary>
/// A policy rule: which packets go by which table. <c>Words</c> is what <c>ip rule</c> would say; <c>Table</c> 0: none, it drops or jumps.
/// </summary>
public sealed record PolicyRule(bool Ipv6, uint Priority, uint Table, string Words)
{
    /// <summary>Who set it (<c>FRA_PROTOCOL</c>); 0: nobody said.</summary>
    public byte Protocol { get; init; }

    /// <summary>The message that told of it, from which the kernel knows it again.</summary>
    internal byte[] Payload { get; init; } = [];
}

/// <summary>The policy rules of the namespace of the thread that made it. Not for several threads at once.</summary>
public sealed class RuleTable : IDisposable
{
    private const byte ToTable = 1; // FR_ACT_TO_TBL
    private const ushort RuleDestination = 1; // FRA_DST
    private const ushort RuleSource = 2; // FRA_SRC
    private const ushort RuleIncoming = 3; // FRA_IIFNAME
    private const ushort RulePriority = 6; // FRA_PRIORITY
    private const ushort RuleMark = 10; // FRA_FWMARK
    private const ushort RuleTableNumber = 15; // FRA_TABLE
    private const ushort RuleOutgoing = 17; // FRA_OIFNAME
    private const ushort RuleProtocol = 21; // FRA_PROTOCOL

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

    /// <summary>Makes a rule; one that stands already is no failure.</summary>
    public NetlinkResult Add(DeclaredRule rule)
    {
        var writer = new NetlinkMessageWriter(stackalloc byte[256]);
        const NetlinkFlags once = NetlinkFlags.Create | NetlinkFlags.Exclusive;
        writer.BeginMessage(Rtnetlink.NewRule, NetlinkFlags.Request | NetlinkFlags.Acknowledge | once, _netlink.NextSequence());
        writer.Header(
            new Rtnetlink.RuleHeader
            {
                Family = (byte)(rule.Ipv6 ? Libc.AddressFamilyInet6 : Libc.AddressFamilyInet),
                DestinationLength = (byte)(rule.To?.PrefixLength ?? 0),
                SourceLength = (byte)(rule.From?.PrefixLength ?? 0),
                Action = ToTable,
            }
        );
        writer.U32(RulePriority, rule.Priority);
        writer.U32(RuleTableNumber, rule.Table);
        writer.U8(RuleProtocol, DeclaredRoute.Protocol);
        if (rule.To is { } to)
        {
            writer.Attribute(RuleDestination, to.Address.GetAddressBytes());
        }

        if (rule.From is { } from)
        {
            writer.Attribute(RuleSource, from.Address.GetAddressBytes());
        }

        if (rule.Incoming is { } incoming)
        {
            writer.String(RuleIncoming, incoming);
        }

        if (rule.Outgoing is { } outgoing)
        {
            writer.String(RuleOutgoing, outgoing);
        }

        if (rule.Mark != 0)
        {
            writer.U32(RuleMark, rule.Mark);
        }

        writer.EndMessage();
        var result = _netlink.Execute(writer.Written);
        return result.Errno == Errno.Exists ? default : result;
    }

    /// <summary>Takes a rule away that <see cref="Read"/> gave; one that is gone already is no failure.</summary>
    public NetlinkResult Remove(PolicyRule rule)
    {
        var writer = new NetlinkMessageWriter(new byte[NetlinkMessageWriter.HeaderBytes + rule.Payload.Length]);
        writer.BeginMessage(Rtnetlink.DeleteRule, NetlinkFlags.Request | NetlinkFlags.Acknowledge, _netlink.NextSequence());
        writer.Header(MemoryMarshal.Read<Rtnetlink.RuleHeader>(rule.Payload));
        var attributes = new AttributeReader(rule.Payload.AsSpan(12));
        while (attributes.TryRead(out var attribute))
        {
            writer.Attribute(attribute.Type, attribute.Value);
        }

        writer.EndMessage();
        var result = _netlink.Execute(writer.Written);
        return result.Errno is Errno.NoEntry or Errno.NoProcess ? default : result;
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
        byte protocol = 0;
        uint priority = 0,
            table = header.Table,
            mark = 0,
            mask = uint.MaxValue;
        var attributes = message.Attributes(12);
        while (attributes.TryRead(out var attribute))
        {
            switch (attribute.Type)
            {
                case RuleDestination when attribute.Value.Length is 4 or 16:
                    words[1] = $"to {new IPAddress(attribute.Value)}/{header.DestinationLength}";
                    break;
                case RuleSource when attribute.Value.Length is 4 or 16:
                    words[0] = $"from {new IPAddress(attribute.Value)}/{header.SourceLength}";
                    break;
                case RuleIncoming:
                    words[2] = $"iif {attribute.Text}";
                    break;
                case RuleOutgoing:
                    words[3] = $"oif {attribute.Text}";
                    break;
                case RulePriority:
                    _ = attribute.TryReadU32(out priority);
                    break;
                case RuleMark:
                    _ = attribute.TryReadU32(out mark);
                    break;
                case 16: // FRA_FWMASK
                    _ = attribute.TryReadU32(out mask);
                    break;
                case RuleTableNumber:
                    _ = attribute.TryReadU32(out table);
                    break;

                case RuleProtocol:
                    _ = attribute.TryReadU8(out protocol);
                    break;

                // What kernels tell of every rule: the rest (ports, uid, tun id, l3mdev…) is told in bytes, so
                // that a difference is seen whatever it means.
                case 14
                or 13
                or 20
                or 18
                or 19: // FRA_SUPPRESS_PREFIXLEN, FRA_SUPPRESS_IFGROUP, FRA_UID_RANGE, FRA_PAD, FRA_L3MDEV
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

        var text = new StringBuilder(words.ContainsKey(0) ? "" : "from all ").AppendJoin(' ', words.Values);
        text.Append((header.Flags & 2) != 0 ? " not" : ""); // FIB_RULE_INVERT
        text.Append(header.Action == ToTable ? $" lookup {DeclaredRule.TableName(table)}" : $" action {header.Action}");
        var said = text.ToString().Replace("  ", " ", StringComparison.Ordinal);
        rules.Add(
            new PolicyRule(header.Family == Libc.AddressFamilyInet6, priority, header.Action == ToTable ? table : 0, said)
            {
                Protocol = protocol,
                Payload = message.Payload.ToArray(),
            }
        );
    }
}
