namespace Hitless.Linux.Netlink;

/// <summary>
/// With the environment's HITLESS_NETLINK_DEBUG=1 every message goes to standard error, header in words and payload in hex.
/// </summary>
internal static class NetlinkTrace
{
    internal static readonly bool On = Environment.GetEnvironmentVariable("HITLESS_NETLINK_DEBUG") == "1";

    internal static void Print(string direction, NetlinkProtocol protocol, ReadOnlySpan<byte> datagram)
    {
        var messages = new NetlinkMessageReader(datagram);
        while (messages.TryRead(out var message))
        {
            Console.Error.WriteLine(
                $"netlink {protocol} {direction} type=0x{message.Type:x} flags=0x{(ushort)message.Flags:x} seq={message.Sequence} "
                    + $"port={message.PortId} "
                    + $"bytes={message.Bytes.Length} {Convert.ToHexStringLower(message.Payload)}"
            );
        }

        if (messages.Malformed)
        {
            Console.Error.WriteLine($"netlink {protocol} {direction} malformed: {Convert.ToHexStringLower(datagram)}");
        }
    }
}
