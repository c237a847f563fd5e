using Hitless.Linux.Native;
using Hitless.Linux.Netlink;

namespace Hitless.Linux.Links;

/// <summary>What a <see cref="LinkChange"/> tells.</summary>
public enum LinkChangeKind
{
    /// <summary>An interface came or changed (or told the same once more).</summary>
    Link,

    LinkRemoved,
    AddressAdded,
    AddressRemoved,

    /// <summary>A route or a rule came or went: read them anew.</summary>
    Route,

    /// <summary>The kernel had more to tell than could be kept: read links and addresses anew.</summary>
    Lost,
}

/// <summary>One change. <c>Link</c> is set for the first two kinds, <c>Address</c> for the next two.</summary>
public readonly record struct LinkChange(LinkChangeKind Kind, Link Link, LocalAddress Address);

/// <summary>
/// Tells of changes to interfaces and addresses in the namespace of the thread that made it. Not for several threads at once.
/// </summary>
/// <param name="routes">Of routes and rules as well, in their order among the others: an address that goes is told before the routes that
/// go with it.</param>
public sealed class LinkMonitor(bool routes = false) : IDisposable
{
    private readonly NetlinkSocket _socket = new(NetlinkProtocol.Route, routes ? LinksAndRoutes : Links, receiveBufferBytes: 1024 * 1024);

    private readonly byte[] _buffer = new byte[64 * 1024];
    private int _start;
    private int _end;

    private static uint[] Links => [Rtnetlink.GroupLink, Rtnetlink.GroupIpv4Address, Rtnetlink.GroupIpv6Address];

    private static uint[] LinksAndRoutes =>
        [.. Links, Rtnetlink.GroupIpv4Route, Rtnetlink.GroupIpv6Route, Rtnetlink.GroupIpv4Rule, Rtnetlink.GroupIpv6Rule];

    /// <summary>For a poller: readable when there are changes.</summary>
    public FileDescriptor Handle => _socket.Handle;

    /// <summary>The next change, or false if there is none now. Never waits.</summary>
    public bool TryRead(out LinkChange change)
    {
        var unbounded = int.MaxValue;
        return TryRead(ref unbounded, out change);
    }

    /// <summary>
    /// The next change, or false if there is none now, or if <paramref name="budget"/> datagrams of the kernel have been read: a poller
    /// tells of the rest. (A routing daemon that starts makes some hundred thousand.)
    /// </summary>
    public bool TryRead(ref int budget, out LinkChange change)
    {
        while (true)
        {
            while (_start < _end)
            {
                var messages = new NetlinkMessageReader(_buffer.AsSpan(_start, _end - _start));
                var found = messages.TryRead(out var message);
                _start = found ? _start + NetlinkAlignment.Up(message.Bytes.Length) : _end;
                if (found && TryRead(message, out change))
                {
                    return true;
                }
            }

            if (budget-- <= 0)
            {
                change = default;
                return false;
            }

            switch (_socket.Receive(_buffer, out var bytes))
            {
                case NetlinkReceive.Data:
                    (_start, _end) = (0, bytes);
                    break;
                case NetlinkReceive.Empty:
                    change = default;
                    return false;
                default:
                    change = new LinkChange(LinkChangeKind.Lost, default, default);
                    return true;
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _socket.Dispose();

    private static bool TryRead(NetlinkMessage message, out LinkChange change)
    {
        var link = default(Link);
        var address = default(LocalAddress);
        var (kind, understood) = message.Type switch
        {
            Rtnetlink.NewLink => (LinkChangeKind.Link, Link.TryRead(message, out link)),
            Rtnetlink.DeleteLink => (LinkChangeKind.LinkRemoved, Link.TryRead(message, out link)),
            Rtnetlink.NewAddress => (LinkChangeKind.AddressAdded, LocalAddress.TryRead(message, out address)),
            Rtnetlink.DeleteAddress => (LinkChangeKind.AddressRemoved, LocalAddress.TryRead(message, out address)),
            Rtnetlink.NewRoute or Rtnetlink.DeleteRoute or Rtnetlink.NewRule or Rtnetlink.DeleteRule => (LinkChangeKind.Route, true),
            _ => (default, false),
        };
        change = new LinkChange(kind, link, address);
        return understood;
    }
}
