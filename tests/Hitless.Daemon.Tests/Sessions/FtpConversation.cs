using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Hitless.Daemon.Tests.Sessions;

/// <summary>
/// Both ends of an FTP control connection, client inside, server outside, in active mode: the server opens the data channels that the
/// client announces.
/// </summary>
internal sealed class FtpConversation : IDisposable
{
    private readonly ControlConnection control;

    public FtpConversation(GatewayPair pair)
    {
        control = new ControlConnection(pair, 21);
        Say(control.Server, control.Client, "220 ready");
        // The kernel's helper reads a command only after it has seen the end of the one before.
        Exchange();
    }

    /// <summary>A line of text there and an answer back, through both directions' sequence numbers.</summary>
    public void Exchange()
    {
        Say(control.Client, control.Server, "NOOP");
        Say(control.Server, control.Client, "200 fine");
    }

    /// <summary>The client announces where it listens; what the server reads of it is the translated address.</summary>
    public (Socket Listener, IPEndPoint Target) Announce()
    {
        var listener = control.ListenInside(out var port);
        var line = ControlConnection.Transmit(
            control.Client,
            control.Server,
            $"PORT {ControlConnection.InsideAddress.Replace('.', ',')},{port >> 8},{port & 255}"
        );
        Say(control.Server, control.Client, "200 go ahead");
        var numbers = line["PORT ".Length..].Split(',').Select(each => byte.Parse(each, CultureInfo.InvariantCulture)).ToArray();
        return (listener, new IPEndPoint(new IPAddress(numbers.AsSpan(0, 4)), (numbers[4] << 8) | numbers[5]));
    }

    /// <summary>The server opens the announced data channel.</summary>
    public Conversation Open((Socket Listener, IPEndPoint Target) announced) => control.Follow(announced, "ftp data");

    public void Dispose() => control.Dispose();

    private static void Say(Socket from, Socket to, string text)
    {
        var heard = ControlConnection.Transmit(from, to, text);
        if (heard != text)
            throw new InvalidOperationException($"\"{text}\" was heard as \"{heard}\"");
    }
}
