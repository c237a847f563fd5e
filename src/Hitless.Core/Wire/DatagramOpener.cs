using System.Security.Cryptography;

namespace Hitless.Core.Wire;

/// <summary>
/// Verifies and decrypts datagrams of the other units, and counts what it refuses by reason. Opening allocates nothing once
/// a sender's incarnation is known. An incarnation is remembered only after one of its tags has verified, so forged
/// datagrams neither grow the table nor push a live unit out of it. Nor do they cost much: an incarnation that is not known yet costs the
/// derivation of a
/// key, and of those there is only so much a second. Not thread-safe.
/// </summary>
/// <param name="key">The cluster key.</param>
/// <param name="kind">Only datagrams of this kind are opened.</param>
/// <param name="group">Only of this cluster group.</param>
/// <param name="ownUnitId">This unit's id.</param>
/// <param name="ownIncarnation">This start's incarnation: datagrams with our id and another one are opened too, as
/// <see cref="DatagramVerdict.Twin"/>; null: they are refused like our own.</param>
public sealed class DatagramOpener(ClusterKey key, DatagramKind kind, int group, ulong ownUnitId, UInt128? ownIncarnation = null)
    : IDisposable
{
    private const int SenderLimit = 32;

    // A derivation costs about 10 microseconds, so a flood of forged incarnations at most a hundredth of a core; a unit that starts amid
    // one says so many times a second.
    private static readonly TimeSpan DerivationInterval = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan DerivationBurst = TimeSpan.FromMilliseconds(64);
    private readonly List<Sender> senders = new(SenderLimit);
    private readonly long[] counts = new long[(int)DatagramVerdict.Twin + 1];
    private long opened;
    private TimeSpan derivedUpTo;

    /// <summary>Senders' incarnations that are remembered, at most 32.</summary>
    public int SenderCount => senders.Count;

    /// <summary>
    /// The last datagram was of an incarnation that was authentic before: if its tag does not verify, it is forged or altered, and not of
    /// another key.
    /// </summary>
    public bool SenderWasKnown { get; private set; }

    /// <summary>Datagrams that ended in this verdict.</summary>
    public long Count(DatagramVerdict verdict) => counts[(int)verdict];

    /// <summary>Datagrams that were refused, for whatever reason.</summary>
    public long RefusedCount
    {
        get
        {
            var sum = 0L;
            for (var verdict = 1; verdict < (int)DatagramVerdict.Twin; verdict++)
                sum += counts[verdict];
            return sum;
        }
    }

    /// <summary>
    /// Opens <paramref name="datagram"/> into <paramref name="plaintext"/> (at least as long as the datagram).
    /// Only when the verdict is <see cref="DatagramVerdict.Accepted"/> (or <see cref="DatagramVerdict.Twin"/>) may
    /// <paramref name="header"/> and <paramref name="payload"/> be trusted.
    /// </summary>
    public DatagramVerdict Open(
        ReadOnlySpan<byte> datagram,
        Span<byte> plaintext,
        TimeSpan now,
        out DatagramHeader header,
        out ReadOnlySpan<byte> payload
    )
    {
        payload = default;
        var verdict = DatagramHeader.Read(datagram, out header);
        if (verdict == DatagramVerdict.Accepted)
            verdict = Judge(datagram, plaintext, now, header, out payload);
        counts[(int)verdict]++;
        return verdict;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var sender in senders)
            sender.Cipher.Dispose();
        senders.Clear();
    }

    private DatagramVerdict Judge(
        ReadOnlySpan<byte> datagram,
        Span<byte> plaintext,
        TimeSpan now,
        scoped in DatagramHeader header,
        out ReadOnlySpan<byte> payload
    )
    {
        payload = default;
        SenderWasKnown = false;
        if (header.Kind != kind)
            return DatagramVerdict.OtherKind;
        if (header.Group != group)
            return DatagramVerdict.OtherGroup;
        if (header.UnitId == ownUnitId && (ownIncarnation is not { } own || header.Incarnation == own))
            return DatagramVerdict.Own;
        var length = datagram.Length - header.LengthBytes - DatagramHeader.TagSize;
        if (length > plaintext.Length)
            return DatagramVerdict.Truncated;

        var known = Find(header.UnitId, header.Incarnation);
        SenderWasKnown = known is not null;
        if (known is not null && !known.Window.IsFresh(header.Sequence))
            return DatagramVerdict.Replayed;
        if (known is null && !MayDerive(now))
            return DatagramVerdict.TooManyUnknown;
        var cipher = known?.Cipher ?? key.DeriveCipher(kind, header.UnitId, header.Incarnation);
        if (!TryDecrypt(cipher, datagram, header, plaintext[..length]))
        {
            if (known is null)
                cipher.Dispose();
            return DatagramVerdict.BadTag;
        }

        known ??= Remember(header.UnitId, header.Incarnation, cipher);
        known.Window.Mark(header.Sequence);
        known.LastOpened = ++opened;
        payload = plaintext[..length];
        return header.UnitId == ownUnitId ? DatagramVerdict.Twin : DatagramVerdict.Accepted;
    }

    private bool MayDerive(TimeSpan now)
    {
        if (derivedUpTo > now + DerivationBurst)
            return false;
        derivedUpTo = (derivedUpTo > now ? derivedUpTo : now) + DerivationInterval;
        return true;
    }

    private static bool TryDecrypt(AesGcm cipher, ReadOnlySpan<byte> datagram, in DatagramHeader header, Span<byte> plaintext)
    {
        Span<byte> nonce = stackalloc byte[12];
        DatagramSealer.WriteNonce(header.Sequence, nonce);
        try
        {
            cipher.Decrypt(
                nonce,
                datagram.Slice(header.LengthBytes, plaintext.Length),
                datagram[^DatagramHeader.TagSize..],
                plaintext,
                datagram[..header.LengthBytes]
            );
            return true;
        }
        catch (AuthenticationTagMismatchException)
        {
            return false;
        }
    }

    private Sender? Find(ulong unitId, UInt128 incarnation)
    {
        foreach (var sender in senders)
        {
            if (sender.UnitId == unitId && sender.Incarnation == incarnation)
                return sender;
        }

        return null;
    }

    private Sender Remember(ulong unitId, UInt128 incarnation, AesGcm cipher)
    {
        if (senders.Count == SenderLimit)
        {
            var oldest = senders.MinBy(sender => sender.LastOpened)!;
            oldest.Cipher.Dispose();
            senders.Remove(oldest);
        }

        var added = new Sender(unitId, incarnation, cipher);
        senders.Add(added);
        return added;
    }

    private sealed class Sender(ulong unitId, UInt128 incarnation, AesGcm cipher)
    {
        public ulong UnitId { get; } = unitId;

        public UInt128 Incarnation { get; } = incarnation;

        public AesGcm Cipher { get; } = cipher;

        public ReplayWindow Window { get; } = new();

        public long LastOpened { get; set; }
    }
}
