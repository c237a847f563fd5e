using System.Buffers.Binary;
using System.Text;
using Hitless.Core.Wire;

namespace Hitless.Core.Cluster;

/// <summary>
/// The payload of a heartbeat: fields of one byte tag, one byte length and big-endian content. A reader skips and counts tags that
/// it does not know and takes what it knows from a longer field, so either side may be the newer one.
/// </summary>
public static class HeartbeatCodec
{
    /// <summary>No heartbeat is longer.</summary>
    public const int LengthMax = 512;

    private const int StringLengthMax = 64;

    private enum Tag : byte
    {
        Name = 1,
        Version = 2,
        Role = 3,
        Epoch = 4,
        Rank = 5,
        Age = 6,
        Offer = 7,
        Echoes = 8,
        Revision = 9,

        // Wire minor 1.
        Load = 10,

        // Whoever does not know it passes over it.
        Forwarding = 11,
        Pace = 12,
        Heard = 13,
    }

    /// <summary>
    /// Writes <paramref name="heartbeat"/> as minor version <paramref name="minor"/> and returns the length in bytes.
    /// <paramref name="target"/> holds at least <see cref="LengthMax"/>.
    /// </summary>
    public static int Write(Heartbeat heartbeat, int minor, Span<byte> target)
    {
        var at = 0;
        at = WriteString(target, at, Tag.Name, heartbeat.Name);
        at = WriteString(target, at, Tag.Version, heartbeat.Version);
        var field = Begin(target, ref at, Tag.Role, 4);
        field[0] = (byte)heartbeat.Role;
        field[1] = (byte)(heartbeat.State == UnitState.Held ? UnitState.Syncing : heartbeat.State);
        field[2] = heartbeat.WireMinor;
        field[3] = FlagsOf(heartbeat);
        field = Begin(target, ref at, Tag.Epoch, 16);
        BinaryPrimitives.WriteInt64BigEndian(field, heartbeat.Epoch.Number);
        BinaryPrimitives.WriteUInt64BigEndian(field[8..], heartbeat.Epoch.Claimant.Number);
        field = Begin(target, ref at, Tag.Rank, 3);
        field[0] = heartbeat.Priority;
        BinaryPrimitives.WriteUInt16BigEndian(field[1..], heartbeat.Failures);
        field = Begin(target, ref at, Tag.Age, 8);
        BinaryPrimitives.WriteInt64BigEndian(field, (long)heartbeat.Age.TotalMilliseconds);
        if (heartbeat.Offer is { } offer)
        {
            field = Begin(target, ref at, Tag.Offer, 20);
            BinaryPrimitives.WriteUInt64BigEndian(field, offer.Target.Number);
            BinaryPrimitives.WriteUInt32BigEndian(field[8..], offer.Request.Number);
            BinaryPrimitives.WriteUInt64BigEndian(field[12..], offer.Sequence);
        }

        field = Begin(target, ref at, Tag.Echoes, heartbeat.EchoCount * 16);
        for (var i = 0; i < heartbeat.EchoCount; i++)
        {
            BinaryPrimitives.WriteUInt64BigEndian(field[(i * 16)..], heartbeat.Echoes[i].Unit.Number);
            BinaryPrimitives.WriteUInt64BigEndian(field[((i * 16) + 8)..], heartbeat.Echoes[i].Tag.Bits);
        }

        field = Begin(target, ref at, Tag.Revision, 16);
        BinaryPrimitives.WriteInt64BigEndian(field, heartbeat.Revision);
        BinaryPrimitives.WriteUInt64BigEndian(field[8..], heartbeat.RevisionTag);
        if (minor >= 1)
        {
            field = Begin(target, ref at, Tag.Load, 12);
            BinaryPrimitives.WriteUInt32BigEndian(field, heartbeat.Sessions);
            BinaryPrimitives.WriteUInt64BigEndian(field[4..], heartbeat.PortsUp);
        }

        if (heartbeat.ForwardingDigest != 0)
        {
            field = Begin(target, ref at, Tag.Forwarding, 8);
            BinaryPrimitives.WriteUInt64BigEndian(field, heartbeat.ForwardingDigest);
        }

        WriteHeard(heartbeat, target, ref at);
        field = Begin(target, ref at, Tag.Pace, 8);
        BinaryPrimitives.WriteUInt32BigEndian(field, (uint)heartbeat.Lateness.TotalMilliseconds);
        BinaryPrimitives.WriteUInt32BigEndian(field[4..], (uint)heartbeat.Start.TotalMilliseconds);
        return at;
    }

    /// <summary>Reads a payload into <paramref name="heartbeat"/>; false if it is malformed (then the content is undefined).</summary>
    public static bool TryRead(ReadOnlySpan<byte> source, Heartbeat heartbeat)
    {
        heartbeat.Offer = null;
        heartbeat.EchoCount = heartbeat.HeardCount = 0;
        heartbeat.UnknownFields = 0;
        heartbeat.Sessions = 0;
        heartbeat.PortsUp = ulong.MaxValue;
        heartbeat.ForwardingDigest = 0;
        heartbeat.Lateness = heartbeat.Start = TimeSpan.Zero;
        var seen = 0;
        while (!source.IsEmpty)
        {
            if (source.Length < 2 || source.Length < 2 + source[1])
            {
                return false;
            }

            var tag = (Tag)source[0];
            if (
                tag == Tag.Heard
                    ? !TryReadHeard(source.Slice(2, source[1]), heartbeat)
                    : !TryReadField(tag, source.Slice(2, source[1]), heartbeat)
            )
            {
                return false;
            }

            seen |= tag <= Tag.Load ? 1 << (int)tag : 0;
            source = source[(2 + source[1])..];
        }

        const int Mandatory =
            (1 << (int)Tag.Name) | (1 << (int)Tag.Role) | (1 << (int)Tag.Epoch) | (1 << (int)Tag.Rank) | (1 << (int)Tag.Age);
        return (seen & Mandatory) == Mandatory;
    }

    private static bool TryReadField(Tag tag, ReadOnlySpan<byte> field, Heartbeat heartbeat)
    {
        switch (tag)
        {
            case Tag.Name when field.Length is > 0 and <= StringLengthMax:
                heartbeat.Name = Keep(heartbeat.Name, field);
                return true;
            case Tag.Version when field.Length <= StringLengthMax:
                heartbeat.Version = Keep(heartbeat.Version, field);
                return true;
            case Tag.Role when field.Length >= 4 && field[0] <= (byte)UnitRole.Primary && field[1] <= (byte)UnitState.Absent:
                heartbeat.Role = (UnitRole)field[0];
                heartbeat.WireMinor = field[2];
                ReadFlags(field[3], heartbeat);
                heartbeat.State = heartbeat.Held && field[1] == (byte)UnitState.Syncing ? UnitState.Held : (UnitState)field[1];
                return true;
            case Tag.Epoch when field.Length >= 16:
                heartbeat.Epoch = new Epoch(BinaryPrimitives.ReadInt64BigEndian(field), UnitAt(field[8..]));
                return heartbeat.Epoch.Number is >= 0 and <= Epoch.NumberMax;
            case Tag.Rank when field.Length >= 3:
                heartbeat.Priority = field[0];
                heartbeat.Failures = BinaryPrimitives.ReadUInt16BigEndian(field[1..]);
                return true;
            case Tag.Age when field.Length >= 8:
                var age = BinaryPrimitives.ReadInt64BigEndian(field);
                heartbeat.Age = TimeSpan.FromMilliseconds(Math.Clamp(age, 0, 1L << 42));
                return age >= 0;
            case Tag.Offer when field.Length >= 20:
                heartbeat.Offer = new Offer(
                    UnitAt(field),
                    new RequestId(BinaryPrimitives.ReadUInt32BigEndian(field[8..])),
                    BinaryPrimitives.ReadUInt64BigEndian(field[12..])
                );
                return true;
            case Tag.Echoes when field.Length % 16 == 0:
                ReadEchoes(field, heartbeat);
                return true;
            case Tag.Revision when field.Length >= 16:
                heartbeat.Revision = BinaryPrimitives.ReadInt64BigEndian(field);
                heartbeat.RevisionTag = BinaryPrimitives.ReadUInt64BigEndian(field[8..]);
                return true;
            case Tag.Load when field.Length >= 12:
                heartbeat.Sessions = BinaryPrimitives.ReadUInt32BigEndian(field);
                heartbeat.PortsUp = BinaryPrimitives.ReadUInt64BigEndian(field[4..]);
                return true;
            case Tag.Forwarding when field.Length >= 8:
                heartbeat.ForwardingDigest = BinaryPrimitives.ReadUInt64BigEndian(field);
                return true;
            case Tag.Pace when field.Length >= 8:
                heartbeat.Lateness = TimeSpan.FromMilliseconds(BinaryPrimitives.ReadUInt32BigEndian(field));
                heartbeat.Start = TimeSpan.FromMilliseconds(BinaryPrimitives.ReadUInt32BigEndian(field[4..]));
                return true;
            case >= Tag.Name and <= Tag.Pace:
                return false;
            default:
                heartbeat.UnknownFields++;
                return true;
        }
    }

    private static void ReadEchoes(ReadOnlySpan<byte> field, Heartbeat heartbeat)
    {
        heartbeat.EchoCount = Math.Min(field.Length / 16, Heartbeat.EchoCountMax);
        for (var i = 0; i < heartbeat.EchoCount; i++)
        {
            heartbeat.Echoes[i] = new Echo(UnitAt(field[(i * 16)..]), TagAt(field[((i * 16) + 8)..]));
        }
    }

    private static void WriteHeard(Heartbeat heartbeat, Span<byte> target, ref int at)
    {
        var field = Begin(target, ref at, Tag.Heard, heartbeat.HeardCount * 16);
        for (var i = 0; i < heartbeat.HeardCount; i++)
        {
            BinaryPrimitives.WriteUInt64BigEndian(field[(i * 16)..], heartbeat.Heard[i].Start.Bits);
            BinaryPrimitives.WriteUInt64BigEndian(field[((i * 16) + 8)..], heartbeat.Heard[i].Sequence);
        }
    }

    private static bool TryReadHeard(ReadOnlySpan<byte> field, Heartbeat heartbeat)
    {
        heartbeat.HeardCount = Math.Min(field.Length / 16, Heartbeat.EchoCountMax);
        for (var i = 0; i < heartbeat.HeardCount; i++)
        {
            heartbeat.Heard[i] = new HeardUpTo(TagAt(field[(i * 16)..]), BinaryPrimitives.ReadUInt64BigEndian(field[((i * 16) + 8)..]));
        }

        return field.Length % 16 == 0;
    }

    private static UnitId UnitAt(ReadOnlySpan<byte> field) => new(BinaryPrimitives.ReadUInt64BigEndian(field));

    private static IncarnationTag TagAt(ReadOnlySpan<byte> field) => new(BinaryPrimitives.ReadUInt64BigEndian(field));

    private static byte FlagsOf(Heartbeat heartbeat) =>
        (byte)(
            (heartbeat.Override ? 1 : 0)
            | (heartbeat.Upgrading ? 2 : 0)
            | (heartbeat.WantsAnswer ? 4 : 0)
            | (heartbeat.AnswersAtOnce ? 8 : 0)
            | (heartbeat.OfferForProbes ? 16 : 0)
            | (heartbeat.MissesLinks ? 32 : 0)
            | (heartbeat.Held ? 64 : 0)
        );

    private static void ReadFlags(byte flags, Heartbeat heartbeat)
    {
        heartbeat.Override = (flags & 1) != 0;
        heartbeat.Upgrading = (flags & 2) != 0;
        heartbeat.WantsAnswer = (flags & 4) != 0;
        heartbeat.AnswersAtOnce = (flags & 8) != 0;
        heartbeat.OfferForProbes = (flags & 16) != 0;
        heartbeat.MissesLinks = (flags & 32) != 0;
        heartbeat.Held = (flags & 64) != 0;
    }

    private static Span<byte> Begin(Span<byte> target, ref int at, Tag tag, int length)
    {
        target[at] = (byte)tag;
        target[at + 1] = checked((byte)length);
        var field = target.Slice(at + 2, length);
        at += 2 + length;
        return field;
    }

    private static int WriteString(Span<byte> target, int at, Tag tag, string text)
    {
        var length = Encoding.UTF8.GetBytes(text.AsSpan(0, Math.Min(text.Length, StringLengthMax / 2)), target[(at + 2)..]);
        target[at] = (byte)tag;
        target[at + 1] = (byte)Math.Min(length, StringLengthMax);
        return at + 2 + target[at + 1];
    }

    /// <summary>The text that <paramref name="bytes"/> spell: the old string again, if they spell that.</summary>
    private static string Keep(string old, ReadOnlySpan<byte> bytes)
    {
        Span<char> text = stackalloc char[StringLengthMax];
        var length = Encoding.UTF8.GetChars(bytes, text);
        return text[..length].SequenceEqual(old) ? old : new string(text[..length]);
    }
}
