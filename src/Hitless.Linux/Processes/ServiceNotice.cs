using System.Net.Sockets;
using System.Text;

namespace Hitless.Linux.Processes;

/// <summary>
/// What a service says to systemd: datagrams to the socket that <c>NOTIFY_SOCKET</c> names (sd_notify(3)). Without it nothing is sent, and
/// nothing that fails here matters to the service.
/// </summary>
public static class ServiceNotice
{
    private const string Variable = "NOTIFY_SOCKET";

    /// <summary>The service runs: what waits for it may start.</summary>
    public static void Ready() => Send("READY=1");

    /// <summary>It ends, and takes its time for it.</summary>
    public static void Stopping() => Send("STOPPING=1");

    /// <summary>One line for <c>systemctl status</c>.</summary>
    public static void Status(string text) => Send($"STATUS={text.ReplaceLineEndings(" ")}");

    private static void Send(string notice)
    {
        if (Environment.GetEnvironmentVariable(Variable) is not { Length: > 1 } path)
        {
            return;
        }

        try
        {
            using var socket = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);

            // "@name" is one of the abstract namespace (unix(7)).
            var address = path[0] == '@' ? "\0" + path[1..] : path;
            socket.SendTo(Encoding.UTF8.GetBytes(notice), new UnixDomainSocketEndPoint(address));
        }
        catch (Exception e) when (e is SocketException or ArgumentException)
        {
            // systemd does without it.
        }
    }
}
