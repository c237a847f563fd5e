using System.Net;
using System.Net.Sockets;
using Hitless.Core.Configuration;
using Hitless.Linux.Links;

namespace Hitless.Daemon.Links;

/// <summary>
/// Listening TCP sockets at the addresses of links, which answer only what comes in through the link's own interface: Linux takes a
/// connection to any of its addresses through any interface. An interface that is made anew has another number, so
/// <see cref="Follow"/> binds to that; while there is none, only this machine itself is answered. Kestrel owns the sockets.
/// </summary>
/// <param name="links">The links whose addresses are listened at.</param>
internal sealed class LinkListeners(IReadOnlyList<HeartbeatLinkSettings> links) : IDisposable
{
    private const int Loopback = 1; // LOOPBACK_IFINDEX, net/flow.h: in every namespace
    private const int IpFreeBind = 15; // IP_FREEBIND, linux/in.h; valid for IPv6 sockets too
    private const int LevelIp = 0; // IPPROTO_IP
    private const int LevelSocket = 1; // SOL_SOCKET, asm-generic/socket.h
    private const int BindToIndex = 62; // SO_BINDTOIFINDEX, asm-generic/socket.h
    private readonly Lock one = new();
    private readonly LinkLookup lookup = new();
    private readonly List<(Socket Socket, string Interface, int Index)> listening = [];

    /// <summary>A socket that is bound to an end point of a link, whether or not its address is there yet.</summary>
    /// <exception cref="SocketException">The port is taken, or a right is missing.</exception>
    public Socket Bind(EndPoint endPoint)
    {
        var address = ((IPEndPoint)endPoint).Address;
        var device = links.First(link => link.Address.Equals(address)).Interface;
        var socket = new Socket(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            if (address.AddressFamily == AddressFamily.InterNetworkV6)
            {
                socket.DualMode = false;
            }

            SetOption(socket, LevelIp, IpFreeBind, 1);
            lock (one)
            {
                var index = IndexOf(device);
                SetOption(socket, LevelSocket, BindToIndex, index);
                socket.Bind(endPoint);
                listening.Add((socket, device, index));
            }

            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Binds to the interfaces as they are numbered now.</summary>
    /// <exception cref="SocketException">CAP_NET_RAW is missing: who is bound may not change that without.</exception>
    public void Follow()
    {
        lock (one)
        {
            listening.RemoveAll(each => each.Socket.SafeHandle.IsClosed);
            for (var i = 0; i < listening.Count; i++)
            {
                var (socket, device, former) = listening[i];
                if (IndexOf(device) is var index && index != former)
                {
                    SetOption(socket, LevelSocket, BindToIndex, index);
                    listening[i] = (socket, device, index);
                }
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose() => lookup.Dispose();

    private static void SetOption(Socket socket, int level, int name, int value) =>
        socket.SetRawSocketOption(level, name, BitConverter.GetBytes(value));

    private int IndexOf(string device) => lookup.IndexOf(device) is var index && index != 0 ? index : Loopback;
}
