namespace Hitless.Linux.Nftables;

/// <summary>Numbers of <c>linux/netfilter/nf_tables.h</c> and <c>nfnetlink.h</c> that the encoder and its callers use.</summary>
internal static class NftConstants
{
    internal const byte Subsystem = 10;
    internal const byte FamilyNetdev = 5;

    internal const ushort BatchBegin = 0x10;
    internal const ushort BatchEnd = 0x11;

    internal const byte NewTable = 0;
    internal const byte GetTable = 1;
    internal const byte DeleteTable = 2;
    internal const byte NewChain = 3;
    internal const byte GetChain = 4;
    internal const byte NewRule = 6;
    internal const byte GetRule = 7;
    internal const byte NewSet = 9;
    internal const byte NewSetElement = 12;
    internal const byte GetSetElement = 13;

    internal const ushort TableName = 1;
    internal const ushort TableUserData = 6;
    internal const ushort RuleTable = 1;
    internal const ushort RuleChain = 2; // NFTA_RULE_CHAIN
    internal const ushort ChainTable = 1;
    internal const ushort ChainName = 3;
    internal const ushort ChainHook = 4;
    internal const ushort ChainPolicy = 5; // NFTA_CHAIN_POLICY; 0 drops
    internal const ushort HookNumber = 1; // NFTA_HOOK_HOOKNUM
    internal const int Prerouting = 0;
    internal const int Forward = 2;
    internal const int Postrouting = 4;
    internal const ushort ChainType = 7; // NFTA_CHAIN_TYPE

    /// <summary>What the <c>nft</c> program shows as the table's comment: type 0, length, text with a closing zero.</summary>
    internal const byte UserDataComment = 0;

    /// <summary>
    /// Ours: the boot (16 bytes of <c>boot_id</c>) in which the table was made. The <c>nft</c> program neither shows it nor writes it into
    /// a file.
    /// </summary>
    internal const byte UserDataBoot = 200;
}

/// <summary>Whose a table is (<c>enum nft_table_flags</c>).</summary>
[Flags]
public enum NftTableFlags
{
    None = 0,

    /// <summary>Only the socket that made it may change it; <c>nft flush ruleset</c> passes it by.</summary>
    Owner = 2,

    /// <summary>It stands on when the owner's socket is closed, and is then anybody's (since kernel 6.9).</summary>
    Persist = 4,
}

/// <summary>Hooks of the netdev family (<c>enum nf_dev_hooks</c>).</summary>
public enum NftHook
{
    Ingress = 0,
    Egress = 1,
}

/// <summary>Where a payload expression counts from (<c>enum nft_payload_bases</c>).</summary>
public enum NftBase
{
    Link = 0,
    Network = 1,
    Transport = 2,
}

/// <summary>What a meta expression loads or sets (<c>enum nft_meta_keys</c>).</summary>
public enum NftMeta
{
    Protocol = 1,
    Mark = 3,

    /// <summary>16 bits in host byte order (ARPHRD_…).</summary>
    InputType = 8,
    LayerFourProtocol = 16,
    PacketType = 19,
}

/// <summary>How a comparison is made (<c>enum nft_cmp_ops</c>).</summary>
public enum NftCompare
{
    Equal = 0,
    GreaterOrEqual = 5,
    LessOrEqual = 3,
}

/// <summary>Types of set keys as the <c>nft</c> program prints them; the kernel itself does not care.</summary>
public enum NftKeyType
{
    Integer = 4,
    Ipv4Address = 7,
    Ipv6Address = 8,
    EthernetAddress = 9,
    Mark = 19,
    InterfaceIndex = 20,
}
