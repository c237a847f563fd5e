namespace Hitless.Core.Wire;

/// <summary>
/// Which of the last 1024 sequences of a sender have been seen (as RFC 4303 section 3.4.3, with a bitmap that slides by whole words).
/// </summary>
internal sealed class ReplayWindow
{
    private const int Words = 17;
    private const ulong Size = 1024;
    private readonly ulong[] bits = new ulong[Words];
    private ulong highest;

    /// <summary>True when <paramref name="sequence"/> has not been seen and is not too old to tell. Changes nothing.</summary>
    public bool IsFresh(ulong sequence)
    {
        if (sequence > highest)
            return true;
        return highest - sequence < Size && (Word(sequence) & Bit(sequence)) == 0 && sequence != 0;
    }

    /// <summary>Marks an authentic sequence as seen.</summary>
    public void Mark(ulong sequence)
    {
        if (sequence > highest)
        {
            var oldWord = highest / 64;
            var newWord = sequence / 64;
            for (var word = oldWord + 1; word <= newWord && word <= oldWord + Words; word++)
                bits[(newWord - (word - oldWord - 1)) % Words] = 0;
            highest = sequence;
        }

        Word(sequence) |= Bit(sequence);
    }

    private static ulong Bit(ulong sequence) => 1UL << (int)(sequence % 64);

    private ref ulong Word(ulong sequence) => ref bits[sequence / 64 % Words];
}
