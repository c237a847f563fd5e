using System.Buffers.Binary;
using Hitless.Linux.Netlink;
using static Hitless.Linux.Nftables.NftConstants;

namespace Hitless.Linux.Nftables;

/// <summary>
/// A table of nftables: its family and name as <c>nft</c> writes them, how many rules it has, and how many of its chains see packets.
/// </summary>
public sealed record RulesetTable(string Family, string Name)
{
    /// <summary>Rules in all of its chains.</summary>
    public int Rules { get; internal set; }

    /// <summary>Chains with a hook.</summary>
    public int Hooks { get; internal set; }

    /// <summary>Those of them that translate addresses.</summary>
    public int Nats { get; internal set; }

    /// <summary>Rules in those.</summary>
    public int NatRules { get; internal set; }

    /// <summary>A chain of it drops what it does not accept of the packets that are forwarded.</summary>
    public bool Drops { get; internal set; }

    /// <summary>The names of the chains that translate.</summary>
    internal HashSet<string> NatChains { get; } = new(StringComparer.Ordinal);
}

/// <summary>Reads what tables nftables has in the namespace of the thread that made it. Not for several threads at once.</summary>
public sealed class RulesetReader : IDisposable
{
    private readonly NetlinkRequester _netlink = new(NetlinkProtocol.Netfilter);

    /// <summary>Every table, whoever made it.</summary>
    /// <exception cref="NetlinkException">The kernel refuses.</exception>
    public IReadOnlyList<RulesetTable> Read()
    {
        var tables = new Dictionary<(byte Family, string Name), RulesetTable>();
        Ask(GetTable, tables);
        Ask(GetChain, tables);
        Ask(GetRule, tables);
        return [.. tables.Values];
    }

    /// <inheritdoc/>
    public void Dispose() => _netlink.Dispose();

    private void Ask(byte what, Dictionary<(byte Family, string Name), RulesetTable> tables)
    {
        Span<byte> buffer = stackalloc byte[64];
        var writer = new NetlinkMessageWriter(buffer);
        writer.BeginMessage(
            NetlinkMessageType.Netfilter(Subsystem, what),
            NetlinkFlags.Request | NetlinkFlags.Dump,
            _netlink.NextSequence()
        );
        writer.NetfilterHeader(0);
        writer.EndMessage();
        _netlink.Query(writer.Written, ref tables, Add).ThrowIfFailed("cannot list what nftables has");
    }

    private static void Add(NetlinkMessage message, ref Dictionary<(byte Family, string Name), RulesetTable> tables)
    {
        var family = message.Payload.IsEmpty ? (byte)0 : message.Payload[0];
        const byte messageMask = 0xff;
        var kind = message.Type & messageMask;
        var (name, chain, hooked, nat) = ("", "", false, false);
        var (forwards, drops) = (false, false);
        var attributes = message.Attributes(4);
        while (attributes.TryRead(out var attribute))
        {
            // NFTA_TABLE_NAME, NFTA_CHAIN_TABLE and NFTA_RULE_TABLE are the same number.
            name = attribute.Type == TableName ? attribute.Text : name;
            chain = attribute.Type == (kind == NewRule ? RuleChain : ChainName) && kind is NewRule or NewChain ? attribute.Text : chain;
            hooked |= attribute.Type == ChainHook;
            forwards |= attribute.Type == ChainHook && IsOnTheWay(family, attribute);
            drops |= attribute.Type == ChainPolicy && attribute.Value.IndexOfAnyExcept((byte)0) < 0;
            nat |= attribute.Type == ChainType && attribute.Value.StartsWith("nat\0"u8);
        }

        if (!tables.TryGetValue((family, name), out var table))
        {
            tables[(family, name)] = table = new RulesetTable(NameOf(family), name);
        }

        switch (kind)
        {
            case NewChain when hooked:
                table.Hooks++;
                table.Drops |= forwards && drops;
                table.Nats += nat && table.NatChains.Add(chain) ? 1 : 0;
                break;
            case NewRule:
                table.Rules++;
                table.NatRules += table.NatChains.Contains(chain) ? 1 : 0;
                break;
        }
    }

    /// <summary>Whether packets that are routed through pass a chain there (<c>enum nf_inet_hooks</c>); its own are of no matter.</summary>
    private static bool IsOnTheWay(byte family, NetlinkAttribute hook)
    {
        var place = -1;
        var attributes = hook.Nested;
        while (attributes.TryRead(out var attribute))
        {
            place = attribute.Type == HookNumber ? BinaryPrimitives.ReadInt32BigEndian(attribute.Value) : place;
        }

        return family is 1 or 2 or 10 && place is Prerouting or Forward or Postrouting;
    }

    private static string NameOf(byte family) =>
        family switch
        {
            1 => "inet",
            2 => "ip",
            3 => "arp",
            FamilyNetdev => "netdev",
            7 => "bridge",
            10 => "ip6",
            _ => $"family {family}",
        };
}
