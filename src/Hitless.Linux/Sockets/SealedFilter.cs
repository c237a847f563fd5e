using System.Runtime.InteropServices;
using Hitless.Core.Wire;
using Hitless.Linux.Native;

namespace Hitless.Linux.Sockets;

/// <summary>
/// A filter in the kernel (<c>socket(7)</c>, SO_ATTACH_FILTER) that drops what cannot be a datagram of Hitless, whoever sent it: it takes
/// no room in the socket's buffer, wakes nobody, and costs no system call. What passes is still to be proved by its tag.
/// </summary>
internal static unsafe class SealedFilter
{
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
        fixed (FilterStep* first = steps)
        {
            var program = new Program { Length = (ushort)steps.Length, Steps = first };
            return Libc.SetSocketOption(socket, Libc.LevelSocket, Libc.OptionAttachFilter, &program, (uint)sizeof(Program));
        }
    }

    /// <summary><c>struct sock_fprog</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct Program
    {
        internal ushort Length;
        internal FilterStep* Steps;
    }
}
