namespace Hitless.Core.Sessions;

/// <summary>
/// How a helper that changed the length of a segment shifts TCP's sequence numbers of one direction (<c>struct nf_ct_seqadj</c>).
/// </summary>
/// <param name="Position">Sequence number of the last change.</param>
/// <param name="Before">Shift before that position.</param>
/// <param name="After">Shift after it.</param>
public readonly record struct SequenceAdjustment(uint Position, int Before, int After)
{
    /// <summary>All of it as one number, for digests.</summary>
    public UInt128 Number => ((UInt128)Position << 64) | ((ulong)(uint)Before << 32) | (uint)After;
}
