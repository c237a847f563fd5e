using System.Runtime.InteropServices;
using Hitless.Core.Wire;
using Hitless.Core.Wire.Floods;
using Hitless.Linux.Native;

namespace Hitless.Linux.Sockets;

/// <summary>
/// A filter in the kernel (<c>socket(7)</c>, SO_ATTACH_FILTER) that drops what cannot be a datagram of Hitless, whoever sent it, and what
/// an <see cref="Admission"/> does not take: it takes no room in the socket's buffer, wakes nobody, and costs no system call. What passes
/// is still to be proved by its tag.
/// </summary>
internal static unsafe class SealedFilter
{
    /// <summary>Where a packet's IPv4 source stands, whatever the socket sees of the packet (SKF_NET_OFF).</summary>
    internal const uint SourceOfIpv4 = unchecked((uint)(-0x100000 + 12));

    /// <summary>Likewise of IPv6.</summary>
    internal const uint SourceOfIpv6 = unchecked((uint)(-0x100000 + 8));

    /// <summary>Likewise of an Ethernet frame (SKF_LL_OFF).</summary>
    internal const uint SourceOfFrame = unchecked((uint)(-0x200000 + 6));

    private const uint Drop = 0;
    private const uint Take = uint.MaxValue;

    /// <summary>Puts it on a socket whose packets begin <paramref name="headerBytes"/> before the datagram.</summary>
    /// <returns>Negative: the kernel refuses, see <see cref="Errno.Last"/>.</returns>
    internal static int Attach(FileDescriptor socket, uint headerBytes)
    {
        // To load what lies beyond the end is to drop.
        Span<FilterStep> steps =
        [
            new(FilterStep.LoadHalf, 0, 0, headerBytes),
            new(FilterStep.JumpIfEqual, 1, 0, DatagramHeader.Magic),
            new(FilterStep.Answer, 0, 0, Drop),
            new(FilterStep.LoadByte, 0, 0, headerBytes + DatagramHeader.Size + DatagramHeader.TagSize - 1),
            new(FilterStep.Answer, 0, 0, Take),
        ];
        return Attach(socket, steps);
    }

    /// <summary>In its place: the socket takes what <paramref name="admission"/> says. Allocates.</summary>
    /// <returns>As above; the former filter stays then.</returns>
    internal static int Attach(FileDescriptor socket, uint headerBytes, uint sourceOffset, Admission admission) =>
        Attach(socket, CollectionsMarshal.AsSpan(Program(headerBytes, sourceOffset, admission)));

    /// <summary>Puts any program on a socket.</summary>
    internal static int Attach(FileDescriptor socket, Span<FilterStep> steps)
    {
        fixed (FilterStep* first = steps)
        {
            var program = new SocketFilter { Length = (ushort)steps.Length, Steps = first };
            return Libc.SetSocketOption(socket, Libc.LevelSocket, Libc.OptionAttachFilter, &program, (uint)sizeof(SocketFilter));
        }
    }

    private static List<FilterStep> Program(uint at, uint source, Admission admission)
    {
        var sample = Sample(Admission.SampleOfOthers);
        List<FilterStep> steps = [new(FilterStep.LoadByte, 0, 0, at + Admission.LengthMin - 1)];
        AddUnless(steps, [(FilterStep.LoadHalf, at, DatagramHeader.Magic)], sample);
        if (admission.Strict)
        {
            AddUnless(steps, [(FilterStep.LoadByte, at + Admission.KindOffset, (uint)admission.Kind)], sample);
            AddUnless(steps, [(FilterStep.LoadHalf, at + Admission.GroupOffset, (uint)admission.Group)], sample);
            foreach (var sender in admission.Senders)
            {
                AddIf(steps, [.. Incarnation(at, sender), .. Source(source, sender.Source)], InRange(at, sender));
            }

            foreach (var sender in admission.Senders)
            {
                AddIf(steps, Incarnation(at, sender), sample);
            }

            foreach (var peer in admission.Peers)
            {
                AddIf(steps, Source(source, peer), Sample(Admission.SampleOfPeers));
            }

            steps.AddRange(sample);
        }

        steps.Add(new(FilterStep.Answer, 0, 0, Take));
        return steps;
    }

    /// <summary>One in so many, by the kernel's own dice.</summary>
    private static FilterStep[] Sample(int oneIn) =>
        [
            new(FilterStep.LoadWord, 0, 0, FilterStep.Random),
            new(FilterStep.And, 0, 0, (uint)oneIn - 1),
            new(FilterStep.JumpIfEqual, 0, 1, 0),
            new(FilterStep.Answer, 0, 0, Take),
            new(FilterStep.Answer, 0, 0, Drop),
        ];

    private static (ushort Load, uint At, uint Value)[] Incarnation(uint at, in KnownSender sender) =>
        [
            (FilterStep.LoadWord, at + Admission.IncarnationOffset, (uint)(sender.Incarnation.FirstHalf >> 32)),
            (FilterStep.LoadWord, at + Admission.IncarnationOffset + 4, (uint)sender.Incarnation.FirstHalf),
        ];

    private static (ushort Load, uint At, uint Value)[] Source(uint at, in WireSource source) =>
        source.Length switch
        {
            4 => [(FilterStep.LoadWord, at, (uint)source.Low)],
            6 => [(FilterStep.LoadHalf, at, (uint)(source.Low >> 32)), (FilterStep.LoadWord, at + 2, (uint)source.Low)],
            16 =>
            [
                (FilterStep.LoadWord, at, (uint)(source.High >> 32)),
                (FilterStep.LoadWord, at + 4, (uint)source.High),
                (FilterStep.LoadWord, at + 8, (uint)(source.Low >> 32)),
                (FilterStep.LoadWord, at + 12, (uint)source.Low),
            ],
            _ => [],
        };

    /// <summary>Takes a sequence from the sender's lowest to its highest, which lie less than 2^32 apart; any other goes on.</summary>
    private static FilterStep[] InRange(uint at, in KnownSender sender)
    {
        var (low, high) = (sender.Lowest, sender.Highest);
        uint Upper(ulong value) => (uint)(value >> 32);
        FilterStep take = new(FilterStep.Answer, 0, 0, Take);
        FilterStep upper = new(FilterStep.LoadWord, 0, 0, at + Admission.SequenceOffset);
        FilterStep lower = new(FilterStep.LoadWord, 0, 0, at + Admission.SequenceOffset + 4);
        return Upper(low) == Upper(high)
            ?
            [
                upper,
                new(FilterStep.JumpIfEqual, 0, 4, Upper(low)),
                lower,
                new(FilterStep.JumpIfAtLeast, 0, 2, (uint)low),
                new(FilterStep.JumpIfAbove, 1, 0, (uint)high),
                take,
            ]
            :
            [
                upper,
                new(FilterStep.JumpIfEqual, 0, 2, Upper(low)),
                lower,
                new(FilterStep.JumpIfAtLeast, 3, 4, (uint)low),
                new(FilterStep.JumpIfEqual, 0, 3, Upper(high)),
                lower,
                new(FilterStep.JumpIfAbove, 1, 0, (uint)high),
                take,
            ];
    }

    /// <summary>Where all values are as they should be: <paramref name="then"/>; else, or if that does not answer, it goes on.</summary>
    private static void AddIf(List<FilterStep> steps, (ushort Load, uint At, uint Value)[] tests, FilterStep[] then)
    {
        for (var i = 0; i < tests.Length; i++)
        {
            var behind = 2 * (tests.Length - 1 - i) + then.Length;
            steps.Add(new(tests[i].Load, 0, 0, tests[i].At));
            steps.Add(new(FilterStep.JumpIfEqual, 0, checked((byte)behind), tests[i].Value));
        }

        steps.AddRange(then);
    }

    /// <summary>Where a value is not as it should be: <paramref name="otherwise"/>.</summary>
    private static void AddUnless(List<FilterStep> steps, (ushort Load, uint At, uint Value)[] tests, FilterStep[] otherwise)
    {
        foreach (var (load, at, value) in tests)
        {
            steps.Add(new(load, 0, 0, at));
            steps.Add(new(FilterStep.JumpIfEqual, checked((byte)otherwise.Length), 0, value));
            steps.AddRange(otherwise);
        }
    }

    /// <summary><c>struct sock_fprog</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct SocketFilter
    {
        internal ushort Length;
        internal FilterStep* Steps;
    }
}
