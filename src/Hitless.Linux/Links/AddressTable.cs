using System.Net.Sockets;
using System.Runtime.InteropServices;
using Hitless.Core.Forwarding;
using Hitless.Linux.Netlink;

namespace Hitless.Linux.Links;

/// <summary>An address that shall stand, or shall not, on the interface of that number.</summary>
public readonly record struct LinkAddress(int LinkIndex, AddressPrefix Prefix);

/// <summary>The addresses of the namespace of the thread that made it. Not for several threads at once.</summary>
public sealed class AddressTable : IDisposable
{
    /// <summary>
    /// What marks an address as set by Hitless (<c>IFA_PROTO</c>, <c>ip address … proto 72</c>), so that whoever comes later finds what a
    /// process before has left, whatever became of its files.
    /// </summary>
    public const byte Protocol = 72;

    // Header, ifaddrmsg, two addresses of 16 bytes, protocol, flags, lifetimes.
    private const int BytesPerMessage = 104;
    private const uint Forever = uint.MaxValue;

    private readonly NetlinkRequester _netlink = new(NetlinkProtocol.Route);

    /// <summary>Every address of every interface.</summary>
    /// <exception cref="NetlinkException">The kernel refuses.</exception>
    public IReadOnlyList<LocalAddress> Read()
    {
        var addresses = new List<LocalAddress>();
        Span<byte> buffer = stackalloc byte[64];
        var writer = new NetlinkMessageWriter(buffer);
        writer.BeginMessage(Rtnetlink.GetAddress, NetlinkFlags.Request | NetlinkFlags.Dump, _netlink.NextSequence());
        writer.Header(default(Rtnetlink.AddressHeader));
        writer.EndMessage();
        _netlink.Query(writer.Written, ref addresses, Add).ThrowIfFailed("cannot list the addresses");
        return addresses;
    }

    /// <summary>
    /// Makes the addresses stand, in one system call; those that stand already are no failure. IPv6 addresses skip the search for
    /// duplicates, because the other units hold the same ones, and are "deprecated" (RFC 6724 rule 3): a unit's own traffic prefers an
    /// address
    /// of its own, as with IPv4, where the first address of a network is preferred. So let the own address stand first.
    /// </summary>
    public NetlinkResult Ensure(IReadOnlyList<LinkAddress> addresses) =>
        Change(addresses, Rtnetlink.NewAddress, NetlinkFlags.Create | NetlinkFlags.Replace);

    /// <summary>Takes the addresses away, in one system call; those that are gone already are no failure.</summary>
    public NetlinkResult Remove(IReadOnlyCollection<LinkAddress> addresses)
    {
        var there = Read().Select(each => new LinkAddress(each.LinkIndex, each.Prefix)).ToHashSet();
        return Change([.. addresses.Where(there.Contains)], Rtnetlink.DeleteAddress, NetlinkFlags.None);
    }

    /// <inheritdoc/>
    public void Dispose() => _netlink.Dispose();

    private static void Add(NetlinkMessage message, ref List<LocalAddress> addresses)
    {
        if (message.Type == Rtnetlink.NewAddress && LocalAddress.TryRead(message, out var address))
        {
            addresses.Add(address);
        }
    }

    private NetlinkResult Change(IReadOnlyList<LinkAddress> addresses, ushort type, NetlinkFlags flags)
    {
        if (addresses.Count == 0)
        {
            return default;
        }

        var writer = new NetlinkMessageWriter(new byte[addresses.Count * BytesPerMessage]);
        for (var i = 0; i < addresses.Count; i++)
        {
            var acknowledge = i == addresses.Count - 1 ? NetlinkFlags.Acknowledge : NetlinkFlags.None;
            writer.BeginMessage(type, NetlinkFlags.Request | flags | acknowledge, _netlink.NextSequence());
            Write(ref writer, addresses[i]);
            writer.EndMessage();
        }

        return _netlink.Execute(writer.Written);
    }

    private static void Write(ref NetlinkMessageWriter writer, LinkAddress address)
    {
        var isIpv6 = address.Prefix.Address.AddressFamily == AddressFamily.InterNetworkV6;
        writer.Header(
            new Rtnetlink.AddressHeader
            {
                Family = (byte)(isIpv6 ? Native.Libc.AddressFamilyInet6 : Native.Libc.AddressFamilyInet),
                PrefixLength = (byte)address.Prefix.PrefixLength,
                Index = address.LinkIndex,
            }
        );
        Span<byte> bytes = stackalloc byte[16];
        _ = address.Prefix.Address.TryWriteBytes(bytes, out var length);
        writer.Attribute(Rtnetlink.AddressLocal, bytes[..length]);
        writer.Attribute(Rtnetlink.AddressPeer, bytes[..length]);
        writer.U8(Rtnetlink.AddressProtocol, Protocol);
        if (isIpv6)
        {
            writer.U32(Rtnetlink.AddressFlags, Rtnetlink.AddressNoDuplicateDetection);
            var lifetimes = new Rtnetlink.AddressLifetimes { Preferred = 0, Valid = Forever };
            writer.Attribute(Rtnetlink.AddressCacheInfo, MemoryMarshal.AsBytes(new ReadOnlySpan<Rtnetlink.AddressLifetimes>(in lifetimes)));
        }
    }
}
