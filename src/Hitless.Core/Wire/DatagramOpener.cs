using System.Security.Cryptography;

namespace Hitless.Core.Wire;

/// <summary>
/// Verifies and decrypts datagrams of the other units, and counts what it refuses by reason. Opening allocates nothing once
/// a sender's incarnation is known. An incarnation is remembered only after one of its tags has verified, so forged
/// datagrams neither grow the table nor push a live unit out of it. Nor do they cost much: an incarnation that is not known yet costs the
/// derivation of a
/// key, and of those there is only so much a second. Not thread-safe.
/// </summary>
/// <param name="keys">The cluster key, or, while it is rotated, two.</param>
/// <param name="kind">Only datagrams of this kind are opened.</param>
/// <param name="group">Only of this cluster group.</param>
/// <param name="ownUnitId">This unit's id.</param>
/// <param name="ownIncarnation">This start's incarnation: datagrams with our id and another one are opened too, as
/// <see cref="DatagramVerdict.Twin"/>; null: they are refused like our own.</param>
public sealed class DatagramOpener(
    IReadOnlyList<ClusterKey> keys,
    DatagramKind kind,
    int group,
    UnitId ownUnitId,
    Incarnation? ownIncarnation = null
) : IDisposable
{
    private const int SenderLimit = 32;
    private const int SpokenFor = 8;

    // A derivation costs about 10 microseconds, so a flood of forged incarnations at most a hundredth of a core; a unit that starts amid
    // one says so many times a second.
    private static readonly TimeSpan DerivationInterval = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan DerivationBurst = TimeSpan.FromMilliseconds(64);

    // A tag that does not fit costs an exception of the platform's; a sender that had one lately is checked without.
    private static readonly TimeSpan SuspicionTime = TimeSpan.FromSeconds(1);
    private readonly List<Sender> senders = new(SenderLimit);
    private ClusterKey[] accepted = [.. keys];
    private readonly long[] counts = new long[(int)DatagramVerdict.Twin + 1];
    private long opened;
    private TimeSpan derivedUpTo;
    private readonly TagCheck check = new();

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

    /// <summary>Only these keys open datagrams from now on. Whoever was last heard with another one is forgotten.</summary>
    public void Accept(IReadOnlyList<ClusterKey> keys)
    {
        accepted = [.. keys];
        foreach (var sender in senders.Where(sender => !IsAccepted(sender.Key)))
            sender.Dispose();
        senders.RemoveAll(sender => !IsAccepted(sender.Key));
        foreach (var sender in senders)
            sender.ForgetOther();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var sender in senders)
            sender.Dispose();
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
        var sender = known;
        known = known is null ? TryMeet(datagram, header, plaintext[..length]) : TryOpen(known, datagram, header, plaintext[..length], now);
        if (known is null)
        {
            if (sender is not null)
                sender.SuspectUntil = now + SuspicionTime;
            return DatagramVerdict.BadTag;
        }

        known.Window.Mark(header.Sequence);
        known.LastOpened = ++opened;
        known.Opened++;
        payload = plaintext[..length];
        return header.UnitId == ownUnitId ? DatagramVerdict.Twin : DatagramVerdict.Accepted;
    }

    /// <summary>A sender that is not known yet; null if no key opens what it sent.</summary>
    private Sender? TryMeet(ReadOnlySpan<byte> datagram, in DatagramHeader header, Span<byte> plaintext)
    {
        foreach (var key in accepted)
        {
            var cipher = key.DeriveCipher(kind, header.UnitId, header.Incarnation);
            if (check.TryDecrypt(cipher, datagram, header, plaintext))
                return Remember(new Sender(header.UnitId, header.Incarnation, key, cipher));
            cipher.Dispose();
        }

        return null;
    }

    /// <summary>By the key that its last datagram had, then, during a rotation, by the other one; null if neither opens it.</summary>
    private Sender? TryOpen(Sender sender, ReadOnlySpan<byte> datagram, in DatagramHeader header, Span<byte> plaintext, TimeSpan now)
    {
        var suspect = now < sender.SuspectUntil;
        if (suspect ? check.TryDecrypt(sender.Cipher, datagram, header, plaintext) : Decrypts(sender.Cipher, datagram, header, plaintext))
            return sender;
        if (accepted.Length == 1)
            return null;
        var other = accepted[0].Id == sender.Key.Id ? accepted[1] : accepted[0];
        if (!check.TryDecrypt(sender.Other ??= other.DeriveCipher(kind, sender.UnitId, sender.Incarnation), datagram, header, plaintext))
            return null;
        sender.TakeOther(other);
        return sender;
    }

    private bool IsAccepted(ClusterKey key) => Array.Exists(accepted, each => each.Id == key.Id);

    private bool MayDerive(TimeSpan now)
    {
        if (derivedUpTo > now + DerivationBurst)
            return false;
        derivedUpTo = (derivedUpTo > now ? derivedUpTo : now) + DerivationInterval;
        return true;
    }

    private static bool Decrypts(AesGcm cipher, ReadOnlySpan<byte> datagram, in DatagramHeader header, Span<byte> plaintext)
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

    private Sender? Find(UnitId unitId, Incarnation incarnation)
    {
        foreach (var sender in senders)
        {
            if (sender.UnitId == unitId && sender.Incarnation == incarnation)
                return sender;
        }

        return null;
    }

    private Sender Remember(Sender added)
    {
        if (senders.Count == SenderLimit)
        {
            // Recordings that come once each make room for one another, not a unit that has spoken for a while.
            var oldest = senders.MinBy(sender => (sender.Opened >= SpokenFor, sender.LastOpened))!;
            oldest.Dispose();
            senders.Remove(oldest);
        }

        senders.Add(added);
        return added;
    }

    private sealed class Sender(UnitId unitId, Incarnation incarnation, ClusterKey key, AesGcm cipher) : IDisposable
    {
        public UnitId UnitId { get; } = unitId;

        public Incarnation Incarnation { get; } = incarnation;

        /// <summary>The key of the last datagram.</summary>
        public ClusterKey Key { get; private set; } = key;

        public AesGcm Cipher { get; private set; } = cipher;

        /// <summary>Of the other key of a rotation, once it was tried.</summary>
        public AesGcm? Other { get; set; }

        public ReplayWindow Window { get; } = new();

        public long LastOpened { get; set; }

        /// <summary>How many of its datagrams were opened.</summary>
        public long Opened { get; set; }

        /// <summary>One of its datagrams was forged or altered.</summary>
        public TimeSpan SuspectUntil { get; set; } = TimeSpan.MinValue;

        public void TakeOther(ClusterKey other) => (Key, Cipher, Other) = (other, Other!, Cipher);

        public void ForgetOther()
        {
            Other?.Dispose();
            Other = null;
        }

        public void Dispose()
        {
            Cipher.Dispose();
            Other?.Dispose();
        }
    }
}
