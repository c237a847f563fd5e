namespace Hitless.Core.Sessions;

/// <summary>
/// Keys of sessions in 16 bytes each. That is enough for IPv4; a longer one stands in a list, and the 16 bytes say where.
/// </summary>
internal sealed class CompactKeys
{
    private const ulong IsLong = 1;
    private readonly PagedArray<SessionKey> longer = new();
    private readonly Stack<int> free = [];
    private int count;

    /// <summary>Packs a key. Who no longer needs it gives it back with <see cref="Release"/>.</summary>
    public UInt128 Pack(in SessionKey key)
    {
        if (!key.V6)
        {
            return new UInt128(
                ((ulong)(uint)key.Original.Source << 32) | (uint)key.Original.Destination,
                ((ulong)key.Original.SourcePort << 48)
                    | ((ulong)key.Original.DestinationPort << 32)
                    | ((ulong)key.Zone << 16)
                    | ((ulong)key.Protocol << 8)
            );
        }

        if (!free.TryPop(out var at))
        {
            at = count++;
            longer.Reserve(count);
        }

        longer[at] = key;
        return new UInt128((ulong)at, IsLong);
    }

    /// <summary>The key that was packed.</summary>
    public SessionKey Unpack(UInt128 packed)
    {
        var (upper, lower) = ((ulong)(packed >> 64), (ulong)packed);
        return (lower & IsLong) != 0
            ? longer[(int)upper]
            : new SessionKey(
                false,
                (byte)(lower >> 8),
                (ushort)(lower >> 16),
                new SessionTuple((uint)(upper >> 32), (uint)upper, (ushort)(lower >> 48), (ushort)(lower >> 32))
            );
    }

    /// <summary>The packed key is needed no more.</summary>
    public void Release(UInt128 packed)
    {
        if (((ulong)packed & IsLong) != 0)
            free.Push((int)(ulong)(packed >> 64));
    }
}
