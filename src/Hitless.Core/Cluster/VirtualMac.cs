namespace Hitless.Core.Cluster;

/// <summary>
/// The virtual MAC of an interface: <c>02:48:4c:HG:GG:LL</c>. <c>02</c> is "locally administered, unicast" (IEEE 802, U/L bit set,
/// I/G bit clear), <c>48:4c</c> spells HL. The lowest two bits of the fourth byte and the fifth byte are the cluster's group (0-1023; two
/// clusters on one network need two groups), the upper six bits of the fourth byte and the last byte the interface's id (0-16383,
/// <see cref="VirtualMacIds"/>). Every unit of a cluster derives the same address without talking.
/// </summary>
public static class VirtualMac
{
    public const int GroupMax = 1023;
    public const int IdMax = 16383;

    /// <summary>The bits that all virtual MACs of a group have in common, and no other MAC has.</summary>
    public const ulong GroupMask = 0xff_ff_ff_03_ff_00;

    private const ulong Prefix = 0x02_48_4c_00_00_00;

    /// <exception cref="InvalidOperationException">
    /// A number is out of range: the configuration's reader refuses such numbers before.
    /// </exception>
    public static MacAddress For(int group, int id) =>
        group is >= 0 and <= GroupMax && id is >= 0 and <= IdMax
            ? new MacAddress(Prefix | ((ulong)id >> 8 << 18) | ((ulong)group << 8) | ((uint)id & 0xff))
            : throw new InvalidOperationException($"No virtual MAC for group {group}, id {id}.");
}
