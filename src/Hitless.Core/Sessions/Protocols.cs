namespace Hitless.Core.Sessions;

/// <summary>IP protocol numbers (IANA) that sessions care about.</summary>
public static class Protocols
{
    /// <summary>ICMP.</summary>
    public const byte Icmp = 1;

    /// <summary>TCP.</summary>
    public const byte Tcp = 6;

    /// <summary>UDP.</summary>
    public const byte Udp = 17;

    /// <summary>GRE.</summary>
    public const byte Gre = 47;

    /// <summary>ICMPv6.</summary>
    public const byte IcmpV6 = 58;

    /// <summary>SCTP.</summary>
    public const byte Sctp = 132;

    /// <summary>DCCP.</summary>
    public const byte Dccp = 33;

    /// <summary>The name as <c>conntrack</c> prints it.</summary>
    public static string Name(byte protocol) =>
        protocol switch
        {
            Icmp => "icmp",
            Tcp => "tcp",
            Udp => "udp",
            Gre => "gre",
            IcmpV6 => "icmpv6",
            Sctp => "sctp",
            Dccp => "dccp",
            136 => "udplite",
            _ => $"protocol-{protocol}",
        };
}
