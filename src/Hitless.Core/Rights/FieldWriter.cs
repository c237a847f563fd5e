using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace Hitless.Core.Rights;

/// <summary>Fields of a message, one after the other; grows as it must.</summary>
internal sealed class FieldWriter
{
    /// <summary>The length of what is null.</summary>
    internal const uint Null = uint.MaxValue;

    private readonly ArrayBufferWriter<byte> _buffer = new();

    public byte[] ToArray() => _buffer.WrittenSpan.ToArray();

    public FieldWriter Kind(byte value)
    {
        _buffer.Write([value]);
        return this;
    }

    public FieldWriter Number(uint value)
    {
        BinaryPrimitives.WriteUInt32BigEndian(_buffer.GetSpan(sizeof(uint)), value);
        _buffer.Advance(sizeof(uint));
        return this;
    }

    public FieldWriter Long(long value)
    {
        BinaryPrimitives.WriteInt64BigEndian(_buffer.GetSpan(sizeof(long)), value);
        _buffer.Advance(sizeof(long));
        return this;
    }

    /// <summary>In milliseconds.</summary>
    public FieldWriter Time(TimeSpan value) => Number((uint)Math.Clamp(value.TotalMilliseconds, 0, int.MaxValue));

    public FieldWriter Bytes(byte[]? value)
    {
        Number(value is null ? Null : (uint)value.Length);
        _buffer.Write(value);
        return this;
    }

    public FieldWriter Text(string? value) => Bytes(value is null ? null : Encoding.UTF8.GetBytes(value));

    public FieldWriter Texts(IReadOnlyList<string> values)
    {
        Number((uint)values.Count);
        foreach (var each in values)
        {
            Text(each);
        }

        return this;
    }
}
