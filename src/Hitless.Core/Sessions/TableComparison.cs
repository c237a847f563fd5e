using Hitless.Core.Wire;

namespace Hitless.Core.Sessions;

/// <summary>
/// What a follower knows of one look: the digests that the sender tells, those of its own table, and, once it has both, which buckets it
/// has to ask for.
/// </summary>
internal sealed class TableComparison
{
    private readonly SessionDigests theirs = new();
    private SessionDigests? ours;
    private bool toldAll;

    /// <summary>The number of the look; 0: none is under way.</summary>
    public ulong Look { get; private set; }

    /// <summary>Both sides are known, and these buckets differ.</summary>
    public BucketSet Unequal { get; } = new();

    /// <summary>The sender is being asked for <see cref="Unequal"/>.</summary>
    public bool Asks { get; private set; }

    public void Begin(ulong number)
    {
        Cancel();
        Look = number;
        theirs.Clear();
    }

    public void Cancel()
    {
        Look = 0;
        ours = null;
        toldAll = Asks = false;
    }

    /// <summary>Takes some of the sender's digests; false when they make no sense.</summary>
    public bool TryTake(ulong number, ref ByteReader body) =>
        body.TryReadUInt16(out var first) && (number != Look || theirs.TryRead(ref body, first));

    /// <summary>The sender has told all.</summary>
    public void End(ulong number) => toldAll = number == Look;

    /// <summary>The own table has been read.</summary>
    public void OnLooked(SessionDigests digests) => ours = digests;

    /// <summary>True, once, when both sides are known: <paramref name="equal"/>, or <see cref="Unequal"/> is to be asked for.</summary>
    public bool TryConclude(out bool equal)
    {
        equal = false;
        if (Look == 0 || !toldAll || ours is null || Asks)
            return false;
        Unequal.Clear();
        theirs.AddUnequal(ours, Unequal);
        equal = Unequal.IsEmpty;
        Asks = !equal;
        return true;
    }
}
