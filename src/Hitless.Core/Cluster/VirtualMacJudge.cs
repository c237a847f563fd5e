namespace Hitless.Core.Cluster;

/// <summary>What the network of an interface does with the virtual MAC of the primary.</summary>
public enum VirtualMacVerdict
{
    /// <summary>Nothing is known: no primary is heard there, or not for long enough.</summary>
    NotKnown,

    /// <summary>Frames from it and to it pass.</summary>
    Passes,

    /// <summary>The primary is heard there with its own MAC, but what it sends from the virtual one does not arrive.</summary>
    NothingFrom,

    /// <summary>It is heard, but does not hear what is sent to it.</summary>
    NothingTo,
}

/// <summary>
/// Finds out on a standby whether the network lets the virtual MAC of one interface pass (docs/decisions/0044). In each round the primary
/// was asked by broadcast for a virtual address, and once more by a frame to its virtual MAC; it answers both from that MAC. One lost frame
/// is no verdict, so several rounds in a row must agree.
/// </summary>
public sealed class VirtualMacJudge
{
    private const int RoundsInRow = 3;
    private VirtualMacVerdict last;
    private int rounds;

    /// <summary>What is known now.</summary>
    public VirtualMacVerdict Verdict { get; private set; }

    /// <summary>One round is over.</summary>
    /// <param name="primaryHeard">A heartbeat of the primary came through this interface of late, from the interface's own MAC.</param>
    /// <param name="broadcastAnswered">The question to all was answered from the virtual MAC.</param>
    /// <param name="directAnswered">So was the one to the virtual MAC.</param>
    public void Take(bool primaryHeard, bool broadcastAnswered, bool directAnswered)
    {
        // An answer to the second question says all, whatever became of the first.
        var found =
            !primaryHeard ? VirtualMacVerdict.NotKnown
            : directAnswered ? VirtualMacVerdict.Passes
            : broadcastAnswered ? VirtualMacVerdict.NothingTo
            : VirtualMacVerdict.NothingFrom;
        rounds = found == last ? rounds + 1 : 1;
        last = found;
        if (rounds >= RoundsInRow || found is VirtualMacVerdict.NotKnown or VirtualMacVerdict.Passes)
        {
            Verdict = found;
        }
    }
}
