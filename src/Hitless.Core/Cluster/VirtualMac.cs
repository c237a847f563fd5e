namespace Hitless.Core.Cluster;

/// <summary>
/// The virtual MAC of a port: <c>02:48:4c:GG:GG:PP</c>. <c>02</c> is "locally administered, unicast" (IEEE 802, U/L bit set,
/// I/G bit clear), <c>48:4c</c> spells HL, <c>GG:GG</c> is the cluster's group (0-1023, big-endian; two clusters on one
/// network need two groups), <c>PP</c> the port's place in <c>interfaces:</c> (0-63). Every unit of a cluster derives the same
/// address without talking; the upper six bits of the group's first byte stay zero, for later use.
/// </summary>
public static class VirtualMac
{
    public const int GroupMax = 1023;
    public const int PortIndexMax = 63;

    private const ulong Prefix = 0x02_48_4c_00_00_00;

    /// <exception cref="InvalidOperationException">A number is out of range: the configuration's reader refuses such numbers before.</exception>
    public static MacAddress For(int group, int portIndex) => group is >= 0 and <= GroupMax && portIndex is >= 0 and <= PortIndexMax
        ? new MacAddress(Prefix | ((ulong)group << 8) | (uint)portIndex)
        : throw new InvalidOperationException($"No virtual MAC for group {group}, port {portIndex}.");
}
