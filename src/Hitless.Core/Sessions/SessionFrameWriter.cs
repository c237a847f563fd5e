using Hitless.Core.Wire;

namespace Hitless.Core.Sessions;

/// <summary>
/// Collects operations into the body of one frame. Each is: operation (1), length (1), body. One that does not fit is refused and leaves
/// the frame as it was.
/// </summary>
public sealed class SessionFrameWriter
{
    private readonly byte[] buffer;
    private readonly int start;

    /// <summary>A frame of at most <paramref name="sizeMax"/> bytes, whose first <paramref name="headerSize"/> the owner fills.</summary>
    public SessionFrameWriter(int sizeMax, int headerSize)
    {
        buffer = new byte[sizeMax];
        start = headerSize;
        Length = headerSize;
    }

    /// <summary>Bytes so far, with the header.</summary>
    public int Length { get; private set; }

    /// <summary>True when there is no operation in it.</summary>
    public bool IsEmpty => Length == start;

    /// <summary>The header's room.</summary>
    public Span<byte> Header => buffer.AsSpan(0, start);

    /// <summary>The whole frame.</summary>
    public ReadOnlySpan<byte> Bytes => buffer.AsSpan(0, Length);

    /// <summary>Forgets the operations.</summary>
    public void Clear() => Length = start;

    /// <summary>Adds an update.</summary>
    public bool TryAdd(in SessionRecord record)
    {
        var writer = new ByteWriter(Operand);
        SessionCodec.WriteRecord(ref writer, record);
        return TryFinish(SessionOperation.Update, writer);
    }

    /// <summary>Adds a delete.</summary>
    public bool TryAddDelete(in SessionKey key)
    {
        var writer = new ByteWriter(Operand);
        SessionCodec.WriteKey(ref writer, key);
        return TryFinish(SessionOperation.Delete, writer);
    }

    /// <summary>Adds an expectation, or that it has ended.</summary>
    public bool TryAdd(SessionOperation operation, in SessionExpectation expectation)
    {
        var writer = new ByteWriter(Operand);
        SessionCodec.WriteExpectation(ref writer, expectation);
        return TryFinish(operation, writer);
    }

    /// <summary>Adds an operation whose body is made already, of at most 255 bytes.</summary>
    public bool TryAdd(SessionOperation operation, ReadOnlySpan<byte> body)
    {
        var writer = new ByteWriter(Operand);
        writer.WriteBytes(body);
        return TryFinish(operation, writer);
    }

    private Span<byte> Operand => buffer.AsSpan(Math.Min(Length + 2, buffer.Length));

    private bool TryFinish(SessionOperation operation, in ByteWriter writer)
    {
        if (writer.Overflowed || Length + 2 > buffer.Length)
            return false;
        buffer[Length] = (byte)operation;
        buffer[Length + 1] = (byte)writer.Position;
        Length += 2 + writer.Position;
        return true;
    }
}
