using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Hitless.Core.Cluster;
using Hitless.Core.Wire.Floods;
using Hitless.Linux.Native;

namespace Hitless.Linux.Sockets;

/// <summary>
/// An IPv4 or IPv6 address with a UDP port, in the form that the kernel takes (<c>sockaddr_in</c>, <c>sockaddr_in6</c>): made once, used
/// without allocating.
/// </summary>
public readonly struct DatagramEndpoint : IEquatable<DatagramEndpoint>
{
    internal const int BytesMax = 28;
    private const int Ipv4Bytes = 16;
    private const string Nowhere = "none";

    private readonly SocketAddressBytes _bytes;

    public DatagramEndpoint(IPEndPoint endpoint)
    {
        Span<byte> bytes = _bytes;
        BinaryPrimitives.WriteUInt16BigEndian(bytes[2..], (ushort)endpoint.Port);
        if (endpoint.AddressFamily == AddressFamily.InterNetworkV6)
        {
            MemoryMarshal.Write(bytes, (ushort)Libc.AddressFamilyInet6);
            _ = endpoint.Address.TryWriteBytes(bytes[8..], out _);
            MemoryMarshal.Write(bytes[24..], (uint)endpoint.Address.ScopeId);
        }
        else
        {
            MemoryMarshal.Write(bytes, (ushort)Libc.AddressFamilyInet);
            _ = endpoint.Address.TryWriteBytes(bytes[4..], out _);
        }
    }

    /// <summary>
    /// The link-local address that a kernel makes of an interface's MAC unless it is told otherwise (RFC 4291 appendix A), on our interface
    /// of that number. Port 0.
    /// </summary>
    public static DatagramEndpoint LinkLocal(in MacAddress mac, int linkIndex)
    {
        Span<byte> bytes = stackalloc byte[BytesMax];
        bytes.Clear();
        Span<byte> hardware = stackalloc byte[MacAddress.Bytes];
        mac.WriteTo(hardware);
        MemoryMarshal.Write(bytes, (ushort)Libc.AddressFamilyInet6);
        (bytes[8], bytes[9]) = (0xfe, 0x80);
        hardware[..3].CopyTo(bytes[16..]);
        bytes[16] ^= 2;
        (bytes[19], bytes[20]) = (0xff, 0xfe);
        hardware[3..].CopyTo(bytes[21..]);
        MemoryMarshal.Write(bytes[24..], linkIndex);
        return new DatagramEndpoint(bytes);
    }

    internal DatagramEndpoint(ReadOnlySpan<byte> socketAddress) => socketAddress.CopyTo(_bytes);

    /// <summary>True for IPv6.</summary>
    public bool IsIpv6 => Family == Libc.AddressFamilyInet6;

    /// <summary>The UDP port.</summary>
    public ushort Port => BinaryPrimitives.ReadUInt16BigEndian(Bytes[2..]);

    internal int Length => IsIpv6 ? BytesMax : Ipv4Bytes;

    [UnscopedRef]
    internal ReadOnlySpan<byte> Bytes => _bytes;

    private ushort Family => MemoryMarshal.Read<ushort>(Bytes);

    public static bool operator ==(DatagramEndpoint left, DatagramEndpoint right) => left.Equals(right);

    public static bool operator !=(DatagramEndpoint left, DatagramEndpoint right) => !left.Equals(right);

    /// <summary>The address without its port.</summary>
    public WireSource Source => Family == 0 ? default : WireSource.From(IsIpv6 ? Bytes.Slice(8, 16) : Bytes.Slice(4, 4));

    /// <summary>The same in the platform's form. Allocates.</summary>
    public IPEndPoint ToIPEndPoint() =>
        IsIpv6
            ? new IPEndPoint(new IPAddress(Bytes.Slice(8, 16), MemoryMarshal.Read<uint>(Bytes[24..])), Port)
            : new IPEndPoint(new IPAddress(Bytes.Slice(4, 4)), Port);

    /// <summary>Same family, address and port (and for IPv6 the same flow label and scope).</summary>
    public bool Equals(DatagramEndpoint other) => Bytes.SequenceEqual(other.Bytes);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is DatagramEndpoint other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var hash = default(HashCode);
        hash.AddBytes(Bytes);
        return hash.ToHashCode();
    }

    /// <inheritdoc/>
    public override string ToString() => Family == 0 ? Nowhere : ToIPEndPoint().ToString();

    [InlineArray(BytesMax)]
    private struct SocketAddressBytes
    {
        private byte _first;
    }
}
