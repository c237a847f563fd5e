using System.Text;
using Hitless.Core.Wire;

namespace Hitless.Core.Rights;

/// <summary>
/// Reads what <see cref="FieldWriter"/> wrote. What is missing or no such value is read as nothing, and leaves <see cref="IsWhole"/>
/// false: looked at once, at the end.
/// </summary>
internal ref struct FieldReader(ReadOnlySpan<byte> bytes)
{
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);
    private ByteReader _reader = new(bytes);
    private bool _failed;

    /// <summary>Everything was read, and nothing is left.</summary>
    public readonly bool IsWhole => !_failed && _reader.Remaining == 0;

    public byte Kind() => _reader.TryReadByte(out var value) ? value : Fail<byte>();

    /// <summary>One of the values that the type has.</summary>
    public TKind Kind<TKind>()
        where TKind : struct, Enum
    {
        var number = Kind();
        foreach (var each in Enum.GetValues<TKind>())
        {
            if (Convert.ToInt32(each) == number)
            {
                return each;
            }
        }

        return Fail<TKind>();
    }

    public bool Flag() =>
        Kind() switch
        {
            0 => false,
            1 => true,
            _ => Fail<bool>(),
        };

    public uint Number() => _reader.TryReadUInt32(out var value) ? value : Fail<uint>();

    public long Long() => _reader.TryReadUInt64(out var value) ? (long)value : Fail<long>();

    public TimeSpan Time() => TimeSpan.FromMilliseconds(Number());

    public byte[] Bytes() => BytesOrNull() ?? Fail<byte[]>() ?? [];

    public byte[]? BytesOrNull()
    {
        var length = Number();
        return length == FieldWriter.Null || _failed ? null
            : length <= (uint)_reader.Remaining && _reader.TryReadBytes((int)length, out var value) ? value.ToArray()
            : Fail<byte[]>();
    }

    public string Text() => TextOrNull() ?? Fail<string>() ?? "";

    public string? TextOrNull()
    {
        if (BytesOrNull() is not { } utf8)
        {
            return null;
        }

        try
        {
            return Strict.GetString(utf8);
        }
        catch (DecoderFallbackException)
        {
            return Fail<string>();
        }
    }

    public IReadOnlyList<string> Texts(int countMax)
    {
        var count = Number();
        if (count > countMax)
        {
            return Fail<IReadOnlyList<string>>() ?? [];
        }

        var values = new List<string>();
        for (var i = 0; i < count && !_failed; i++)
        {
            values.Add(Text());
        }

        return values;
    }

    private T? Fail<T>()
    {
        _failed = true;
        return default;
    }
}
