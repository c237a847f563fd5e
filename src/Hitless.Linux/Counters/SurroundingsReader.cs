using System.Globalization;
using Hitless.Core.Upgrade.Changes;

namespace Hitless.Linux.Counters;

/// <summary>
/// Reads what stands around the traffic in the network namespace of the calling thread: sockets that wait for others, BGP sessions, errors
/// of interfaces (proc_pid_net(5)). A list that a kernel does not have is empty.
/// </summary>
public static class SurroundingsReader
{
    private const string GivenOut = "/proc/sys/net/ipv4/ip_local_port_range";

    /// <summary>What stands there now; a name may come twice.</summary>
    /// <param name="interfaces">Those whose errors count.</param>
    public static IReadOnlyList<StateItem> Read(IReadOnlyCollection<string> interfaces)
    {
        var (first, last) = PortsGivenOut();
        return
        [
            .. SocketTable.Tcp(Lines("tcp")),
            .. SocketTable.Tcp(Lines("tcp6")),
            .. SocketTable.Udp(Lines("udp"), first, last),
            .. SocketTable.Udp(Lines("udp6"), first, last),
            .. InterfaceErrors.Read(Lines("dev"), interfaces),
        ];
    }

    private static string[] Lines(string list)
    {
        using var file = new CounterFile(list);
        return file.Lines();
    }

    private static (int First, int Last) PortsGivenOut()
    {
        try
        {
            var words = File.ReadAllText(GivenOut).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
            return (int.Parse(words[0], CultureInfo.InvariantCulture), int.Parse(words[1], CultureInfo.InvariantCulture));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or FormatException or IndexOutOfRangeException)
        {
            // The kernel's own default.
            return (32768, 60999);
        }
    }
}
