using System.Globalization;

namespace Hitless.Core.Cluster;

/// <summary>An Ethernet address: 48 bits, the first byte on the wire is the highest of <see cref="Bits"/>.</summary>
public readonly record struct MacAddress(ulong Bits)
{
    public const int Bytes = 6;

    /// <summary>Six bytes in the order of the wire.</summary>
    public static bool TryRead(ReadOnlySpan<byte> bytes, out MacAddress address)
    {
        address = default;
        if (bytes.Length != Bytes)
        {
            return false;
        }

        var bits = 0UL;
        foreach (var part in bytes)
        {
            bits = (bits << 8) | part;
        }

        address = new MacAddress(bits);
        return true;
    }

    /// <summary>Reads <c>02:48:4c:00:07:00</c>.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out MacAddress address)
    {
        address = default;
        if (text.Length != (Bytes * 3) - 1)
        {
            return false;
        }

        var bits = 0UL;
        for (var i = 0; i < Bytes; i++)
        {
            var separated = i == 0 || text[(i * 3) - 1] == ':';
            if (
                !separated
                || !byte.TryParse(text.Slice(i * 3, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var part)
            )
            {
                return false;
            }

            bits = (bits << 8) | part;
        }

        address = new MacAddress(bits);
        return true;
    }

    /// <summary>Writes the six bytes in the order of the wire.</summary>
    public void WriteTo(Span<byte> target)
    {
        for (var i = 0; i < Bytes; i++)
        {
            target[i] = (byte)(Bits >> (8 * (Bytes - 1 - i)));
        }
    }

    /// <summary>The six bytes in the order of the wire.</summary>
    public byte[] ToArray()
    {
        var bytes = new byte[Bytes];
        WriteTo(bytes);
        return bytes;
    }

    /// <inheritdoc/>
    public override string ToString() =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{(byte)(Bits >> 40):x2}:{(byte)(Bits >> 32):x2}:{(byte)(Bits >> 24):x2}:"
                + $"{(byte)(Bits >> 16):x2}:{(byte)(Bits >> 8):x2}:{(byte)Bits:x2}"
        );
}
