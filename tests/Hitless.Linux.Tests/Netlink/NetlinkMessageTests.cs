using Hitless.Linux.Links;
using Hitless.Linux.Netlink;

namespace Hitless.Linux.Tests.Netlink;

public sealed class NetlinkMessageTests
{
    [Fact]
    public void What_is_written_can_be_read()
    {
        var writer = new NetlinkMessageWriter(new byte[256]);
        for (uint sequence = 1; sequence <= 2; sequence++)
        {
            writer.BeginMessage(16, NetlinkFlags.Request | NetlinkFlags.Acknowledge, sequence);
            writer.NetfilterHeader(2, 0x1234);
            var nested = writer.BeginNested(1);
            writer.U8(2, 7);
            writer.U16BigEndian(3, 0x0102);
            writer.EndNested(nested);
            writer.String(4, "lan0");
            writer.EndMessage();
        }

        var messages = new NetlinkMessageReader(writer.Written);
        for (uint sequence = 1; sequence <= 2; sequence++)
        {
            Assert.True(messages.TryRead(out var message));
            Assert.Equal(sequence, message.Sequence);
            var attributes = message.Attributes(4);
            Assert.True(attributes.TryRead(out var first));
            var inner = first.Nested;
            Assert.True(inner.TryRead(out var small) && small.TryReadU8(out var seven) && seven == 7);
            Assert.True(inner.TryRead(out var wide) && wide.TryReadU16BigEndian(out var value) && value == 0x0102);
            Assert.False(inner.TryRead(out _));
            Assert.True(attributes.TryRead(out var text));
            Assert.Equal("lan0", text.Text);
        }

        Assert.False(messages.TryRead(out _));
        Assert.False(messages.Malformed);
    }

    [Fact]
    public void The_last_message_need_not_be_padded()
    {
        byte[] datagram = [21, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 9];

        var messages = new NetlinkMessageReader(datagram);

        Assert.True(messages.TryRead(out var message));
        Assert.Equal(5, message.Payload.Length);
        Assert.False(messages.TryRead(out _));
        Assert.False(messages.Malformed);
    }

    [Fact]
    public void An_abandoned_message_leaves_no_trace()
    {
        var writer = new NetlinkMessageWriter(new byte[64]);
        writer.BeginMessage(16, NetlinkFlags.Request, 1);
        writer.U32(1, 1);
        writer.AbandonMessage();

        Assert.Equal(0, writer.Length);
    }

    [Fact]
    public void A_request_that_the_kernel_refuses_says_why_in_words()
    {
        using var links = new LinkTable();
        using var netlink = new NetlinkRequester(NetlinkProtocol.Route);
        var writer = new NetlinkMessageWriter(new byte[64]);
        writer.BeginMessage(20, NetlinkFlags.Request | NetlinkFlags.Acknowledge, netlink.NextSequence());
        writer.Header(0x0000_0000_0000_2102UL);
        writer.EndMessage();

        var result = netlink.Execute(writer.Written);

        Assert.Equal(1, result.Errors);
        Assert.Contains("errno", result.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Random_and_damaged_input_never_throws()
    {
        var random = new Random(4711);
        var valid = new byte[160];
        var writer = new NetlinkMessageWriter(valid);
        writer.BeginMessage(16, NetlinkFlags.Multi, 1);
        writer.Header(0UL);
        writer.Header(0UL);
        writer.String(3, "lan0");
        var outer = writer.BeginNested(26);
        writer.U64(1, ulong.MaxValue);
        writer.EndNested(outer);
        writer.EndMessage();
        writer.BeginMessage(20, NetlinkFlags.Multi, 2);
        writer.Header(0UL);
        writer.Attribute(2, [10, 0, 0, 1]);
        writer.EndMessage();
        valid = writer.Written.ToArray();
        var buffer = new byte[200];

        for (var round = 0; round < 100_000; round++)
        {
            var input = buffer.AsSpan(0, random.Next(buffer.Length));
            if (round % 2 == 0)
            {
                random.NextBytes(input);
            }
            else
            {
                input = buffer.AsSpan(0, random.Next(valid.Length) + 1);
                valid.AsSpan(0, input.Length).CopyTo(input);
                input[random.Next(input.Length)] = (byte)random.Next();
            }

            Walk(input);
        }
    }

    private static void Walk(ReadOnlySpan<byte> datagram)
    {
        var messages = new NetlinkMessageReader(datagram);
        while (messages.TryRead(out var message))
        {
            _ = Link.TryRead(message, out _);
            _ = LocalAddress.TryRead(message, out _);
            Walk(message.Attributes(4), depth: 3);
        }
    }

    private static void Walk(AttributeReader attributes, int depth)
    {
        while (attributes.TryRead(out var attribute))
        {
            _ = attribute.TryReadU64(out _);
            _ = attribute.TryReadU32BigEndian(out _);
            _ = attribute.Text;
            if (depth > 0)
            {
                Walk(attribute.Nested, depth - 1);
            }
        }
    }
}
