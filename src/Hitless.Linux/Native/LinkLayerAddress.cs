using System.Runtime.InteropServices;

namespace Hitless.Linux.Native;

/// <summary><c>struct sockaddr_ll</c> (<c>packet(7)</c>); the protocol in network byte order.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct LinkLayerAddress
{
    internal ushort Family;
    internal ushort Protocol;
    internal int LinkIndex;
    internal ushort HardwareType;
    internal byte PacketType;
    internal byte AddressBytes;
    internal fixed byte Address[8];
}
