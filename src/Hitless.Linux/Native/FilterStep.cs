using System.Runtime.InteropServices;

namespace Hitless.Linux.Native;

/// <summary>One instruction of a classic packet filter (<c>struct sock_filter</c>, linux/filter.h), in host byte order.</summary>
/// <param name="Code">What to do; one of the constants here.</param>
/// <param name="IfTrue">Of a jump: how many steps to skip if it holds.</param>
/// <param name="IfFalse">Of a jump: how many steps to skip if it does not.</param>
/// <param name="Operand">An offset, a value to compare with, or the answer.</param>
[StructLayout(LayoutKind.Sequential)]
internal readonly record struct FilterStep(ushort Code, byte IfTrue, byte IfFalse, uint Operand)
{
    internal const ushort LoadWord = 0x20; // BPF_LD | BPF_W | BPF_ABS
    internal const ushort LoadHalf = 0x28; // BPF_LD | BPF_H | BPF_ABS
    internal const ushort LoadByte = 0x30; // BPF_LD | BPF_B | BPF_ABS
    internal const ushort LoadWordAtIndex = 0x40; // BPF_LD | BPF_W | BPF_IND
    internal const ushort SetIndex = 0x01; // BPF_LDX | BPF_IMM
    internal const ushort And = 0x54; // BPF_ALU | BPF_AND | BPF_K
    internal const ushort Jump = 0x05; // BPF_JMP | BPF_JA
    internal const ushort JumpIfEqual = 0x15; // BPF_JMP | BPF_JEQ | BPF_K
    internal const ushort JumpIfAbove = 0x25; // BPF_JMP | BPF_JGT | BPF_K
    internal const ushort JumpIfAtLeast = 0x35; // BPF_JMP | BPF_JGE | BPF_K
    internal const ushort LoadHeaderLength = 0xb1; // BPF_LDX | BPF_B | BPF_MSH
    internal const ushort Answer = 0x06; // BPF_RET | BPF_K

    /// <summary>A random word instead of the packet's bytes.</summary>
    internal const uint Random = unchecked((uint)(-0x1000 + 56)); // SKF_AD_OFF + SKF_AD_RANDOM

    /// <summary>The packet's mark instead of its bytes.</summary>
    internal const uint Mark = unchecked((uint)(-0x1000 + 20)); // SKF_AD_OFF + SKF_AD_MARK
}
