using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Hitless.Linux.Native;

namespace Hitless.Linux.Netlink;

/// <summary>
/// A netlink socket in the network namespace of the thread that makes it. Receiving never blocks; sending does the work inside
/// the kernel before it returns (netlink is synchronous). Extended acknowledgements are on, overruns are reported.
/// </summary>
public sealed unsafe class NetlinkSocket : IDisposable
{
    // A datagram must fit into the send buffer: large batches need more than the system's default.
    private const int SendBufferBytes = 1024 * 1024;

    private readonly NetlinkProtocol _protocol;

    /// <param name="protocol">The netlink family.</param>
    /// <param name="groups">Multicast groups to listen to, as numbers (not bits).</param>
    /// <param name="receiveBufferBytes">Size of the receive buffer; 0 leaves the system's default. Above the system's maximum if the
    /// process has CAP_NET_ADMIN.</param>
    /// <exception cref="NetlinkException">The kernel refuses.</exception>
    public NetlinkSocket(NetlinkProtocol protocol, ReadOnlySpan<uint> groups = default, int receiveBufferBytes = 0)
    {
        _protocol = protocol;
        Handle = Libc.Socket(Libc.AddressFamilyNetlink, Libc.SocketRaw | Libc.SocketCloseOnExec | Libc.SocketNonBlocking, (int)protocol);
        Check(Handle.IsInvalid ? -1 : 0, "cannot open a netlink socket");

        var address = new Address { Family = Libc.AddressFamilyNetlink };
        Check(Libc.Bind(Handle, &address, (uint)sizeof(Address)), "cannot bind a netlink socket");
        var length = (uint)sizeof(Address);
        Check(Libc.GetSocketName(Handle, &address, &length), "cannot read a netlink socket's port");
        PortId = address.PortId;

        // Older kernels know neither; the answers are then only less talkative.
        _ = Libc.SetSocketOption(Handle, Libc.LevelNetlink, Libc.NetlinkExtendedAck, 1);
        _ = Libc.SetSocketOption(Handle, Libc.LevelNetlink, Libc.NetlinkCapAck, 1);
        _ = Libc.SetSocketBuffer(Handle, Libc.OptionSendBufferForce, SendBufferBytes);
        if (receiveBufferBytes > 0)
        {
            Check(Libc.SetSocketBuffer(Handle, Libc.OptionReceiveBufferForce, receiveBufferBytes), "cannot size a netlink socket's buffer");
        }

        foreach (var group in groups)
        {
            Hear(group, on: true);
        }
    }

    /// <summary>For a poller.</summary>
    public FileDescriptor Handle { get; }

    /// <summary>The socket's netlink port, given by the kernel.</summary>
    public uint PortId { get; }

    /// <summary>Joins a multicast group, or leaves it.</summary>
    /// <exception cref="NetlinkException">The kernel refuses.</exception>
    public void Hear(uint group, bool on) =>
        Check(
            Libc.SetSocketOption(Handle, Libc.LevelNetlink, on ? Libc.NetlinkAddMembership : Libc.NetlinkDropMembership, (int)group),
            $"cannot {(on ? "join" : "leave")} netlink group {group}"
        );

    /// <summary>From now on the kernel goes by the fixed header of a dump's request, and tells only what fits.</summary>
    /// <exception cref="NetlinkException">The kernel refuses.</exception>
    public void FilterDumps() =>
        Check(Libc.SetSocketOption(Handle, Libc.LevelNetlink, Libc.NetlinkStrictCheck, 1), "cannot filter dumps of a netlink socket");

    /// <summary>
    /// From now on the kernel hands over nothing that a request of this netlink port caused (<c>nlmsg_pid</c>): a socket filter drops it
    /// before it costs room or a system call.
    /// </summary>
    /// <exception cref="NetlinkException">The kernel refuses.</exception>
    public void Ignore(uint portId)
    {
        // A filter reads words as if they were in network order.
        const uint portOffset = 12;
        var port = BitConverter.IsLittleEndian ? BinaryPrimitives.ReverseEndianness(portId) : portId;
        Span<FilterStep> steps =
        [
            new(FilterStep.LoadWord, 0, 0, portOffset),
            new(FilterStep.JumpIfEqual, 0, 1, port),
            new(FilterStep.Answer, 0, 0, 0),
            new(FilterStep.Answer, 0, 0, uint.MaxValue),
        ];
        fixed (FilterStep* first = steps)
        {
            var program = new FilterProgram { Length = (ushort)steps.Length, Steps = first };
            Check(
                Libc.SetSocketOption(Handle, Libc.LevelSocket, Libc.OptionAttachFilter, &program, (uint)sizeof(FilterProgram)),
                "cannot filter a netlink socket"
            );
        }
    }

    /// <summary>Sends one or more messages as one datagram; the kernel has worked on them when this returns.</summary>
    /// <returns>0 or the error number.</returns>
    public int TrySend(ReadOnlySpan<byte> messages)
    {
        if (NetlinkTrace.On)
        {
            NetlinkTrace.Print("->", _protocol, messages);
        }

        var kernel = new Address { Family = Libc.AddressFamilyNetlink };
        fixed (byte* bytes = messages)
        {
            while (Libc.SendTo(Handle, bytes, (nuint)messages.Length, 0, &kernel, (uint)sizeof(Address)) < 0)
            {
                if (Errno.Last != Errno.Interrupted)
                {
                    return Errno.Last;
                }
            }
        }

        return 0;
    }

    /// <summary>As <see cref="TrySend"/>.</summary>
    /// <exception cref="NetlinkException">The kernel does not take the datagram.</exception>
    public void Send(ReadOnlySpan<byte> messages)
    {
        var errno = TrySend(messages);
        if (errno != 0)
        {
            throw new NetlinkException("cannot send a netlink request", errno);
        }
    }

    /// <summary>Receives one datagram, which may hold several messages, without waiting.</summary>
    public NetlinkReceive Receive(Span<byte> buffer, out int bytes)
    {
        bytes = 0;
        while (true)
        {
            nint received;
            fixed (byte* target = buffer)
            {
                received = Libc.ReceiveFrom(Handle, target, (nuint)buffer.Length, Libc.MessageDontWait | Libc.MessageTruncated, null, null);
            }

            if (received > buffer.Length)
            {
                return NetlinkReceive.Truncated;
            }

            if (received >= 0)
            {
                bytes = (int)received;
                if (NetlinkTrace.On)
                {
                    NetlinkTrace.Print("<-", _protocol, buffer[..bytes]);
                }

                return NetlinkReceive.Data;
            }

            switch (Errno.Last)
            {
                case Errno.Interrupted:
                    continue;
                case Errno.Again:
                    return NetlinkReceive.Empty;
                case Errno.NoBuffers:
                    return NetlinkReceive.Overrun;
                default:
                    throw new NetlinkException("cannot receive from a netlink socket", Errno.Last);
            }
        }
    }

    /// <summary>Waits until something can be received.</summary>
    /// <returns>False when the time is over.</returns>
    public bool WaitReadable(TimeSpan timeout)
    {
        var entry = new Libc.PollEntry { Descriptor = (int)Handle.DangerousGetHandle(), Events = 1 };
        return Libc.Poll(&entry, 1, (int)Math.Ceiling(timeout.TotalMilliseconds)) > 0;
    }

    /// <inheritdoc/>
    public void Dispose() => Handle.Dispose();

    private void Check(int result, string what)
    {
        if (result < 0)
        {
            var errno = Errno.Last;
            Handle.Dispose();
            throw new NetlinkException(what, errno);
        }
    }

    /// <summary><c>struct sock_fprog</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct FilterProgram
    {
        internal ushort Length;
        internal FilterStep* Steps;
    }

    /// <summary><c>struct sockaddr_nl</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct Address
    {
        internal ushort Family;
        internal ushort Padding;
        internal uint PortId;
        internal uint Groups;
    }
}
