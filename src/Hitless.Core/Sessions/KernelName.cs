using System.Buffers.Binary;
using System.Text;

namespace Hitless.Core.Sessions;

/// <summary>
/// A short name of the kernel's (a helper's, an expectation function's) as a value, so that records stay flat: at most 32 bytes of ASCII.
/// </summary>
public readonly record struct KernelName(UInt128 High, UInt128 Low)
{
    /// <summary>Bytes of the longest name.</summary>
    public const int LengthMax = 32;

    /// <summary>No name.</summary>
    public bool IsEmpty => High == 0;

    /// <summary>Reads bytes up to the first zero; a name that is too long is no name.</summary>
    public static KernelName From(ReadOnlySpan<byte> bytes)
    {
        var end = bytes.IndexOf((byte)0);
        var name = end < 0 ? bytes : bytes[..end];
        if (name.Length > LengthMax)
            return default;
        Span<byte> padded = stackalloc byte[LengthMax];
        padded.Clear();
        name.CopyTo(padded);
        return new KernelName(BinaryPrimitives.ReadUInt128BigEndian(padded), BinaryPrimitives.ReadUInt128BigEndian(padded[16..]));
    }

    /// <summary>A name as text.</summary>
    public static KernelName From(string name) => From(Encoding.ASCII.GetBytes(name));

    /// <summary>Writes the name without a zero and returns its length.</summary>
    public int CopyTo(Span<byte> target)
    {
        BinaryPrimitives.WriteUInt128BigEndian(target, High);
        BinaryPrimitives.WriteUInt128BigEndian(target[16..], Low);
        var end = target[..LengthMax].IndexOf((byte)0);
        return end < 0 ? LengthMax : end;
    }

    /// <inheritdoc/>
    public override string ToString()
    {
        Span<byte> bytes = stackalloc byte[LengthMax];
        return Encoding.ASCII.GetString(bytes[..CopyTo(bytes)]);
    }
}
