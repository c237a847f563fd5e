using System.Net;

namespace Hitless.Core.Sessions;

/// <summary>
/// One direction of a session. An IPv4 address is the lowest 32 bits of the number. What stands in the ports depends on the
/// protocol: TCP, UDP, SCTP, DCCP: ports; ICMP: identifier, and type × 256 + code; GRE: the keys; others: 0.
/// </summary>
public readonly record struct SessionTuple(UInt128 Source, UInt128 Destination, ushort SourcePort, ushort DestinationPort)
{
    /// <summary>The tuple of the answers when no address is translated (the kernel's <c>nf_ct_invert_tuple</c>).</summary>
    public SessionTuple Inverted(byte protocol) =>
        protocol switch
        {
            Protocols.Icmp or Protocols.IcmpV6 => new(Destination, Source, SourcePort, InvertIcmp(protocol, DestinationPort)),
            _ => new(Destination, Source, DestinationPort, SourcePort),
        };

    /// <summary>"10.0.0.1:1234 -> 10.0.0.2:80".</summary>
    public string Text(bool v6, byte protocol) =>
        protocol switch
        {
            Protocols.Icmp or Protocols.IcmpV6 =>
                $"{Address(Source, v6)} -> {Address(Destination, v6)} id {SourcePort} type {DestinationPort >> 8}",
            _ => $"{Bracketed(Source, v6)}:{SourcePort} -> {Bracketed(Destination, v6)}:{DestinationPort}",
        };

    /// <summary>The address as the platform's type.</summary>
    public static IPAddress Address(UInt128 value, bool v6)
    {
        Span<byte> bytes = stackalloc byte[16];
        new Wire.ByteWriter(bytes).WriteUInt128(value);
        return new IPAddress(v6 ? bytes : bytes[12..]);
    }

    /// <summary>The number of an address, the inverse of <see cref="Address"/>.</summary>
    public static UInt128 Number(IPAddress address)
    {
        UInt128 number = 0;
        Span<byte> bytes = stackalloc byte[16];
        address.TryWriteBytes(bytes, out var length);
        foreach (var part in bytes[..length])
            number = (number << 8) | part;
        return number;
    }

    /// <summary>True for an IPv6 address.</summary>
    public static bool IsV6(IPAddress address)
    {
        Span<byte> bytes = stackalloc byte[16];
        return address.TryWriteBytes(bytes, out var length) && length == 16;
    }

    private static string Bracketed(UInt128 value, bool v6) => v6 ? $"[{Address(value, v6)}]" : Address(value, v6).ToString();

    // nf_conntrack_proto_icmp.c and _icmpv6.c, invmap: echo, timestamp, information, address mask; echo and node information.
    private static ushort InvertIcmp(byte protocol, ushort typeAndCode)
    {
        var type = typeAndCode >> 8;
        var inverse = (protocol, type) switch
        {
            (Protocols.Icmp, 8) => 0,
            (Protocols.Icmp, 0) => 8,
            (Protocols.Icmp, 13 or 15 or 17) => type + 1,
            (Protocols.Icmp, 14 or 16 or 18) => type - 1,
            (Protocols.IcmpV6, 128 or 139) => type + 1,
            (Protocols.IcmpV6, 129 or 140) => type - 1,
            _ => type,
        };
        return (ushort)((inverse << 8) | (typeAndCode & 0xff));
    }
}
