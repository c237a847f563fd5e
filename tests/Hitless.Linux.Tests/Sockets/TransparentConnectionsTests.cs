using System.Net;
using System.Net.Sockets;
using Hitless.Core.Sessions;
using Hitless.Linux.Sockets;

namespace Hitless.Linux.Tests.Sockets;

public sealed class TransparentConnectionsTests
{
    [Theory]
    [InlineData("127.0.0.2", "127.0.0.3", false)]
    [InlineData("::ffff:127.0.0.2", "::ffff:127.0.0.3", false)]
    [InlineData("::1", "::1", true)]
    public void An_open_connection_between_addresses_that_are_no_units_is_listed_both_ways(string client, string server, bool v6)
    {
        var family = IPAddress.Parse(server).AddressFamily;
        using var listener = new Socket(family, SocketType.Stream, ProtocolType.Tcp);
        using var opened = new Socket(family, SocketType.Stream, ProtocolType.Tcp);
        if (family == AddressFamily.InterNetworkV6)
            (listener.DualMode, opened.DualMode) = (true, true);
        listener.Bind(new IPEndPoint(IPAddress.Parse(server), 0));
        listener.Listen(1);
        opened.Bind(new IPEndPoint(IPAddress.Parse(client), 0));
        opened.Connect(listener.LocalEndPoint!);
        using var accepted = listener.Accept();
        var tuple = new SessionTuple(
            NumberOf(client, v6),
            NumberOf(server, v6),
            (ushort)((IPEndPoint)opened.LocalEndPoint!).Port,
            (ushort)((IPEndPoint)listener.LocalEndPoint!).Port
        );

        var elsewhere = TransparentConnections.Read((_, _) => true);
        var ours = TransparentConnections.Read((isV6, address) => isV6 != v6 || address != NumberOf(server, v6));

        Assert.Contains(new SessionKey(v6, Protocols.Tcp, 0, tuple), elsewhere);
        Assert.Contains(new SessionKey(v6, Protocols.Tcp, 0, tuple.Inverted(Protocols.Tcp)), elsewhere);
        Assert.DoesNotContain(new SessionKey(v6, Protocols.Tcp, 0, tuple), ours);
    }

    private static UInt128 NumberOf(string address, bool v6) =>
        SessionTuple.Number(v6 ? IPAddress.Parse(address) : IPAddress.Parse(address).MapToIPv4());
}
