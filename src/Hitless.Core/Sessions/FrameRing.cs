namespace Hitless.Core.Sessions;

/// <summary>
/// The last frames by their sequence, in one flat array: the sender's memory for retransmission, and the receiver's for frames that came
/// too early.
/// </summary>
public sealed class FrameRing(int capacity, int frameSizeMax)
{
    private readonly byte[] bytes = new byte[capacity * frameSizeMax];
    private readonly int[] lengths = new int[capacity];
    private readonly ulong[] sequences = new ulong[capacity];

    /// <summary>Frames that fit.</summary>
    public int Capacity => capacity;

    /// <summary>Stores a frame in place of the one that is <see cref="Capacity"/> older.</summary>
    public void Store(ulong sequence, ReadOnlySpan<byte> frame)
    {
        var slot = (int)(sequence % (ulong)capacity);
        frame.CopyTo(bytes.AsSpan(slot * frameSizeMax, frameSizeMax));
        lengths[slot] = frame.Length;
        sequences[slot] = sequence;
    }

    /// <summary>Finds a frame; sequences begin at 1.</summary>
    public bool TryGet(ulong sequence, out ReadOnlySpan<byte> frame)
    {
        var slot = (int)(sequence % (ulong)capacity);
        var held = sequences[slot] == sequence && sequence != 0;
        frame = held ? bytes.AsSpan(slot * frameSizeMax, lengths[slot]) : default;
        return held;
    }

    /// <summary>True when the frame is held.</summary>
    public bool Holds(ulong sequence) => sequence != 0 && sequences[(int)(sequence % (ulong)capacity)] == sequence;

    /// <summary>Forgets all.</summary>
    public void Clear() => Array.Clear(sequences);
}
