using System.Buffers.Binary;
using System.Globalization;
using System.Net;

namespace Hitless.Core.Upgrade.Changes;

/// <summary>
/// Reads the kernel's lists of sockets, <c>/proc/net/tcp</c>, <c>tcp6</c>, <c>udp</c> and <c>udp6</c> (proc_pid_net(5)): a line each with
/// local and remote address as hexadecimal words in the machine's order, and the state. Lines that are anything else are passed over.
/// </summary>
public static class SocketTable
{
    private const int BgpPort = 179;
    private const int Established = 0x01;
    private const int Listening = 0x0A;
    private const int Unconnected = 0x07;

    /// <summary>Listening sockets and BGP sessions of a list of TCP.</summary>
    public static IEnumerable<StateItem> Tcp(IEnumerable<string> lines)
    {
        foreach (var (local, remote, state) in Read(lines))
        {
            if (state == Listening)
            {
                yield return new StateItem(StateKind.Listener, $"listener tcp {local}", "");
            }
            else if (state == Established && (local.Port == BgpPort || remote.Port == BgpPort))
            {
                yield return new StateItem(StateKind.RoutingPeer, $"routing peer {remote.Address} (BGP)", "established");
            }
        }
    }

    /// <summary>
    /// Sockets of UDP that wait for anybody. A port of the range that the kernel gives out (<c>ip_local_port_range</c>) is mostly a
    /// question's that waits for its answer: those are left out.
    /// </summary>
    public static IEnumerable<StateItem> Udp(IEnumerable<string> lines, int firstGivenOut, int lastGivenOut) =>
        Read(lines)
            .Where(socket => socket.State == Unconnected && socket.Remote.Port == 0)
            .Where(socket => socket.Local.Port < firstGivenOut || socket.Local.Port > lastGivenOut)
            .Select(socket => new StateItem(StateKind.Listener, $"listener udp {socket.Local}", ""));

    private static IEnumerable<(IPEndPoint Local, IPEndPoint Remote, int State)> Read(IEnumerable<string> lines)
    {
        foreach (var line in lines)
        {
            var words = line.Split(' ', 5, StringSplitOptions.RemoveEmptyEntries);
            if (
                words.Length == 5
                && TryRead(words[1], out var local)
                && TryRead(words[2], out var remote)
                && int.TryParse(words[3], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var state)
            )
            {
                yield return (local, remote, state);
            }
        }
    }

    /// <summary><c>0100007F:0016</c> is 127.0.0.1:22; an address of IPv6 has four such words.</summary>
    private static bool TryRead(string text, [NotNullWhen(true)] out IPEndPoint? endpoint)
    {
        endpoint = null;
        if (
            text.Split(':') is not [var address, var port]
            || address.Length is not (8 or 32)
            || port.Length != 4
            || !ushort.TryParse(port, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var number)
        )
        {
            return false;
        }

        Span<byte> bytes = stackalloc byte[address.Length / 2];
        for (var at = 0; at < bytes.Length; at += sizeof(uint))
        {
            if (
                !uint.TryParse(
                    address.AsSpan(2 * at, 2 * sizeof(uint)),
                    NumberStyles.AllowHexSpecifier,
                    CultureInfo.InvariantCulture,
                    out var word
                )
            )
            {
                return false;
            }

            // As the kernel prints it: a number of the machine's order, which is little-endian on all that Hitless runs on.
            BinaryPrimitives.WriteUInt32LittleEndian(bytes[at..], word);
        }

        endpoint = new IPEndPoint(new IPAddress(bytes), number);
        return true;
    }
}
