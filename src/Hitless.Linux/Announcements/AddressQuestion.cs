using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Hitless.Core.Cluster;
using Hitless.Linux.Links;
using Hitless.Linux.Native;

namespace Hitless.Linux.Announcements;

/// <summary>
/// Asks the network of one port who has the virtual IPv4 addresses: ARP probes (RFC 5227 section 2.1.1), which teach nobody anything and
/// which a muted unit may send. Only answers from a virtual MAC of the port's group arrive (on a port without one: from whoever has such an
/// address), whatever else is said there: a socket filter drops the rest. Never waits, and once made allocates nothing. Lives in the
/// namespace of the thread that makes it.
/// </summary>
public sealed unsafe class AddressQuestion : IDisposable
{
    private const ushort EtherTypeArp = 0x0806;
    private const int ReadsMax = 64;
    private const int FrameBytes = 14 + 28;

    /// <summary>One address is proof enough; a second one, should the first have been taken away there.</summary>
    private const int ProbesMax = 2;
    private readonly byte[][] _probes;
    private readonly byte[][] _directProbes;

    /// <summary>
    /// On the interface of that number, for the addresses of <paramref name="port"/>; probes come from <paramref name="sender"/>, the
    /// interface's own MAC.
    /// </summary>
    /// <exception cref="IOException">No right to open it (CAP_NET_RAW), or no such interface.</exception>
    public AddressQuestion(int linkIndex, in MacAddress sender, TrafficPort port)
    {
        var mac = sender;
        _probes = [.. Asked(port).Select(address => AnnouncementFrame.ArpProbe(mac, address))];
        _directProbes = port.VirtualMac is { } to ? [.. Asked(port).Select(address => AnnouncementFrame.ArpProbe(mac, address, to))] : [];
        Handle = Libc.Socket(Libc.AddressFamilyPacket, Libc.SocketRaw | Libc.SocketCloseOnExec | Libc.SocketNonBlocking, 0);
        var local = new LinkLayerAddress
        {
            Family = Libc.AddressFamilyPacket,
            Protocol = BinaryPrimitives.ReverseEndianness(EtherTypeArp),
            LinkIndex = linkIndex,
        };
        if (Handle.IsInvalid || Filter(port) < 0 || Libc.Bind(Handle, &local, (uint)sizeof(LinkLayerAddress)) < 0)
        {
            var errno = Errno.Last;
            Handle.Dispose();
            throw new IOException($"cannot ask for addresses on interface {linkIndex}: {Errno.Words(errno)}");
        }
    }

    /// <summary>For a poller: readable when there is an answer.</summary>
    public FileDescriptor Handle { get; }

    /// <summary>Whether a port has addresses that can be asked for.</summary>
    public static bool Suits(TrafficPort port) => Asked(port).Any();

    /// <summary>
    /// Asks once; a port that is down loses it. <paramref name="directly"/>: only whoever takes frames to the virtual MAC.
    /// </summary>
    public void Ask(bool directly = false)
    {
        foreach (var probe in directly ? _directProbes : _probes)
        {
            fixed (byte* bytes = probe)
            {
                _ = Libc.SendTo(Handle, bytes, (nuint)probe.Length, Libc.MessageDontWait, null, 0);
            }
        }
    }

    /// <summary>
    /// Takes the answers that are there, so many at a time: a poller tells of the rest. True if there was one.
    /// </summary>
    public bool TryReceive()
    {
        var frame = stackalloc byte[FrameBytes];
        var answered = false;
        nint received = 1;
        for (var reads = 0; reads < ReadsMax && received > 0; reads++, answered |= received > 0)
        {
            var nobody = 0u;
            received = Libc.ReceiveFrom(Handle, frame, FrameBytes, Libc.MessageDontWait, null, &nobody);
        }

        return answered;
    }

    /// <inheritdoc/>
    public void Dispose() => Handle.Dispose();

    private static IEnumerable<IPAddress> Asked(TrafficPort port) =>
        port
            .Addresses.Select(prefix => prefix.Address)
            .Where(address => address.AddressFamily == AddressFamily.InterNetwork)
            .Take(ProbesMax);

    /// <summary>
    /// An ARP answer whose sender is a virtual MAC of our group (another version may have other ids), or an address that was asked for.
    /// </summary>
    private int Filter(TrafficPort port)
    {
        const uint operation = 14 + 6,
            senderMac = 14 + 8,
            senderAddress = 14 + 14;
        FilterStep[] ofAddress =
        [
            new(FilterStep.LoadWord, 0, 0, senderAddress),
            .. Asked(port)
                .SelectMany(address =>
                    (FilterStep[])
                        [
                            new(FilterStep.JumpIfEqual, 0, 1, BinaryPrimitives.ReadUInt32BigEndian(address.GetAddressBytes())),
                            new(FilterStep.Answer, 0, 0, uint.MaxValue),
                        ]
                ),
        ];
        var group = port.VirtualMac.GetValueOrDefault().Bits & VirtualMac.GroupMask;
        FilterStep[] ofGroup =
        [
            new(FilterStep.LoadWord, 0, 0, senderMac),
            new(FilterStep.And, 0, 0, (uint)(VirtualMac.GroupMask >> 16)),
            new(FilterStep.JumpIfEqual, 0, 3, (uint)(group >> 16)),
            new(FilterStep.LoadByte, 0, 0, senderMac + 4),
            new(FilterStep.JumpIfEqual, 0, 1, (uint)((group >> 8) & 0xff)),
            new(FilterStep.Answer, 0, 0, uint.MaxValue),
        ];
        FilterStep[] steps =
        [
            new(FilterStep.LoadHalf, 0, 0, operation),
            new(FilterStep.JumpIfEqual, 1, 0, AnnouncementFrame.ArpReply),
            new(FilterStep.Answer, 0, 0, 0),
            .. port.VirtualMac is null ? ofAddress : ofGroup,
            new(FilterStep.Answer, 0, 0, 0),
        ];
        fixed (FilterStep* first = steps)
        {
            var program = new FilterProgram { Length = (ushort)steps.Length, Steps = first };
            return Libc.SetSocketOption(Handle, Libc.LevelSocket, Libc.OptionAttachFilter, &program, (uint)sizeof(FilterProgram));
        }
    }

    /// <summary><c>struct sock_fprog</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct FilterProgram
    {
        internal ushort Length;
        internal FilterStep* Steps;
    }
}
