using System.Net;
using Hitless.Core.Sessions;
using Hitless.Core.Wire;
using Xunit;

namespace Hitless.Core.Tests.Sessions;

public sealed class SessionCodecTests
{
    [Fact]
    public void Schema_1_is_written_as_ever()
    {
        // Golden bytes: these stay for ever, so that versions understand each other.
        Assert.Equal("08060A000001C00002010BB80050000E0000012C030B0B79", Written(SessionSamples.Tcp(3000)));
        Assert.Equal(
            "1711FD000000000000000000000000000001FD010000000000000000000000000002270F00350007"
                + "FD010000000000000000000000000003FD02000000000000000000000000000914E99C4001B80000001E0000CAFE",
            Written(SessionSamples.NatV6(9999))
        );
    }

    [Fact]
    public void Schema_2_is_written_as_ever()
    {
        var record = SessionSamples.Tcp(3000) with
        {
            IsNew = true,
            Helper = KernelName.From("ftp"),
            Labels = 5,
            Parent = new SessionParent(6, SessionSamples.Tcp(21).Key.Original),
            AdjustOriginal = new SequenceAdjustment(7, -1, -2),
        };
        Assert.Equal(
            "68060A000001C00002010BB80050000E0000012C030B0B791E"
                + "0000000000000000000000000000000503667470060A000001C00002010015005000000007FFFFFFFFFFFFFFFE",
            Written(record)
        );
        var writer = new ByteWriter(new byte[SessionCodec.ExpectationSizeMax]);
        SessionCodec.WriteExpectation(ref writer, SessionSamples.Expectation(3000));
        Assert.Equal(
            "04060A000001C00002010BB800501100000000C000020100000BB8"
                + "00000000FFFFFFFF0000FFFF0A000001000000000BB800000000012C0000000102010373697011"
                + Convert.ToHexString("nat-follow-master"u8),
            Convert.ToHexString(writer.Written)
        );
        var reader = new ByteReader(writer.Written);
        Assert.True(SessionCodec.TryReadExpectation(ref reader, out var read));
        Assert.Equal((SessionSamples.Expectation(3000), 0), (read, reader.Remaining));
    }

    [Fact]
    public void What_is_written_is_read_back()
    {
        var random = new Random(1);
        var buffer = new byte[SessionCodec.RecordSizeMax];
        for (var i = 0; i < 20_000; i++)
        {
            var record = SessionSamples.Any(random);
            var writer = new ByteWriter(buffer);
            SessionCodec.WriteRecord(ref writer, record);
            Assert.False(writer.Overflowed);
            var reader = new ByteReader(writer.Written);
            Assert.True(SessionCodec.TryReadRecord(ref reader, out var read));
            Assert.Equal(record, read);
            Assert.Equal(0, reader.Remaining);
        }
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(2, 1)]
    [InlineData(64, 1)]
    [InlineData(65, 2)]
    [InlineData(500, 8)]
    public void A_units_addresses_are_read_back_however_many_there_are(int count, int payloads)
    {
        IPAddress[] addresses =
        [
            .. Enumerable.Range(0, count).Select(i => IPAddress.Parse(i % 2 == 0 ? $"10.0.{i >> 8}.{i & 255}" : $"fd00::{i:x}")),
        ];
        byte[][] parts = [.. UnitAddresses.ToPayloads(addresses)];
        Assert.Equal(payloads, parts.Length);
        Assert.All(parts, part => Assert.InRange(part.Length, 1, SessionPayload.SizeMax));
        var taken = new UnitAddresses();
        IReadOnlyList<IPAddress>? read = null;
        foreach (var part in parts.Reverse())
            Assert.Equal(part == parts[0], taken.TryTake(part, out read));
        Assert.Equal(addresses, read);
        Assert.Equal((byte)SessionMessage.Addresses, parts[0][0]);
        Assert.All(parts[1..], part => Assert.Equal((byte)SessionMessage.MoreAddresses, part[0]));
    }

    [Fact]
    public void Addresses_of_two_moments_are_never_mixed()
    {
        byte[][] before = [.. UnitAddresses.ToPayloads([.. Enumerable.Range(0, 100).Select(i => IPAddress.Parse($"10.0.0.{i}"))])];
        byte[][] after = [.. UnitAddresses.ToPayloads([.. Enumerable.Range(0, 100).Select(i => IPAddress.Parse($"10.0.1.{i}"))])];
        var taken = new UnitAddresses();
        Assert.False(taken.TryTake(before[0], out _));
        Assert.False(taken.TryTake(after[1], out _));
        Assert.False(taken.TryTake(before[1], out _));
        Assert.True(taken.TryTake(before[0], out var read));
        Assert.All(read, address => Assert.StartsWith("10.0.0.", address.ToString(), StringComparison.Ordinal));
    }

    [Fact]
    public void Fields_that_a_later_schema_appends_are_skipped()
    {
        var buffer = new byte[100];
        var record = SessionSamples.Tcp(1);
        var writer = new ByteWriter(buffer.AsSpan(2));
        SessionCodec.WriteRecord(ref writer, record);
        writer.WriteUInt32(0xDEADBEEF);
        buffer[0] = (byte)SessionOperation.Update;
        buffer[1] = (byte)writer.Position;
        var frame = new SessionFrameReader(buffer.AsSpan(0, 2 + writer.Position));
        Assert.True(frame.TryNext(out _, out var operand));
        Assert.True(SessionCodec.TryReadRecord(ref operand, out var read));
        Assert.Equal(record, read);
        Assert.False(frame.TryNext(out _, out _));
        Assert.False(frame.Broken);
    }

    [Fact]
    public void Random_and_mutated_frames_never_throw()
    {
        var random = new Random(2);
        var frame = new SessionFrameWriter(SessionPayload.SizeMax, 0);
        var bytes = new byte[SessionPayload.SizeMax + 200];
        var taken = new UnitAddresses();
        for (var i = 0; i < 100_000; i++)
        {
            frame.Clear();
            for (var n = random.Next(4); n > 0; n--)
            {
                if (random.Next(4) == 0)
                    frame.TryAdd(SessionOperation.Expect, SessionSamples.Expectation(n));
                else
                    frame.TryAdd(SessionSamples.Any(random));
            }

            var length = frame.Length;
            frame.Bytes.CopyTo(bytes);
            if (random.Next(2) == 0)
                random.NextBytes(bytes.AsSpan(0, length = random.Next(200)));
            for (var n = random.Next(4); n > 0 && length > 0; n--)
                bytes[random.Next(length)] = (byte)random.Next(256);
            bytes[length] = (byte)SessionMessage.Addresses;
            _ = taken.TryTake(bytes.AsSpan(length, random.Next(200)), out _);
            var reader = new SessionFrameReader(bytes.AsSpan(0, random.Next(length + 1)));
            while (reader.TryNext(out _, out var operand))
            {
                var again = operand;
                var third = operand;
                SessionCodec.TryReadExpectation(ref third, out _);
                SessionCodec.TryReadKey(ref operand, out _);
                SessionCodec.TryReadRecord(ref again, out _);
            }
        }
    }

    private static string Written(SessionRecord record)
    {
        var writer = new ByteWriter(new byte[SessionCodec.RecordSizeMax]);
        SessionCodec.WriteRecord(ref writer, record);
        return Convert.ToHexString(writer.Written);
    }
}
