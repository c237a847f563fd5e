using Hitless.Core.Wire;

namespace Hitless.Core.Sessions;

/// <summary>
/// Walks through the operations of a frame's body: operation (1), length (1), body. An unknown operation is for the caller to skip.
/// </summary>
public ref struct SessionFrameReader(ReadOnlySpan<byte> body)
{
    private ByteReader reader = new(body);

    /// <summary>True when the walk ended before the bytes did: the frame is damaged or was written by something else.</summary>
    public bool Broken { get; private set; }

    /// <summary>Moves to the next operation; false at the end.</summary>
    public bool TryNext(out SessionOperation operation, out ByteReader operand)
    {
        operation = default;
        operand = default;
        if (reader.Remaining == 0)
            return false;
        if (!reader.TryReadByte(out var code) || !reader.TryReadByte(out var length) || !reader.TryReadBytes(length, out var bytes))
        {
            Broken = true;
            return false;
        }

        operation = (SessionOperation)code;
        operand = new ByteReader(bytes);
        return true;
    }
}
