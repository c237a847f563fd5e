namespace Hitless.Core.Keys;

/// <summary>How far a unit is on the way from a former cluster key to the next.</summary>
public enum KeyPhase
{
    /// <summary>It has the former key alone.</summary>
    Former,

    /// <summary>It sends with the former key, and accepts both.</summary>
    Accepts,

    /// <summary>It sends with the next key, and accepts both.</summary>
    Sends,

    /// <summary>It has the next key alone.</summary>
    Done,
}
