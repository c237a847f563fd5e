using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Hitless.Core.Sessions;

namespace Hitless.Daemon.Tests.Sessions;

/// <summary>
/// Both ends of an IRC connection, client inside, server outside; the client offers files (DCC SEND), which somebody outside fetches by
/// connecting to it.
/// </summary>
internal sealed class IrcConversation : IDisposable
{
    private readonly ControlConnection control;

    public IrcConversation(GatewayPair pair)
    {
        control = new ControlConnection(pair, 6667);
        ControlConnection.Transmit(control.Server, control.Client, ":irc 001 a :welcome");
    }

    /// <summary>The client says where it listens; what others read of it is the translated address.</summary>
    public (Socket Listener, IPEndPoint Target) Offer()
    {
        var listener = control.ListenInside(out var port);
        var line = ControlConnection.Transmit(
            control.Client,
            control.Server,
            $"PRIVMSG b :\u0001DCC SEND file {SessionTuple.Number(IPAddress.Parse(ControlConnection.InsideAddress))} {port} 1000\u0001"
        );
        var words = line.Split(' ');
        return (
            listener,
            new IPEndPoint(
                SessionTuple.Address(UInt128.Parse(words[5], CultureInfo.InvariantCulture), v6: false),
                int.Parse(words[6], CultureInfo.InvariantCulture)
            )
        );
    }

    /// <summary>Somebody outside connects to what was offered.</summary>
    public Conversation Fetch((Socket Listener, IPEndPoint Target) offered) => control.Follow(offered, "dcc");

    public void Dispose() => control.Dispose();
}
