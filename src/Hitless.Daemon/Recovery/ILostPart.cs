namespace Hitless.Daemon.Recovery;

/// <summary>Something that a unit had on its disk and has no more.</summary>
public interface ILostPart
{
    /// <summary>What is lost, for operators: "image 1.0.0 (0123abcd)".</summary>
    string Name { get; }

    /// <summary>What an operator may do about it where no other unit has it.</summary>
    string Remedy { get; }

    /// <summary>Whether it is here again, whoever brought it.</summary>
    bool IsBack { get; }

    /// <summary>Fetches it from a unit; false: that unit does not have it.</summary>
    /// <exception cref="Common.PeerException">The unit cannot be asked.</exception>
    /// <exception cref="Common.RefusedException">This unit's disk cannot take it.</exception>
    Task<bool> TryFetchAsync(string unit, CancellationToken cancel);

    /// <summary>No unit has it: what is left of it here goes.</summary>
    void GiveUp();
}
