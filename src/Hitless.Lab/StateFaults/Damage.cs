namespace Hitless.Lab.StateFaults;

/// <summary>What happens to a file while its unit is off.</summary>
public enum Damage
{
    /// <summary>Nothing is in it any more.</summary>
    Empty,

    /// <summary>All but its first byte is gone. (Unit tests cut what is read at every byte.)</summary>
    CutToOne,

    /// <summary>The second half is gone.</summary>
    Cut,

    /// <summary>Its last byte is gone.</summary>
    CutByOne,

    /// <summary>Random bytes of the same length.</summary>
    Garbage,

    /// <summary>Well formed as far as can be, and nothing that makes sense: every number is the largest there is.</summary>
    Absurd,

    /// <summary>It is gone.</summary>
    Missing,

    /// <summary>It belongs to somebody else, and nobody may read it (which keeps root from nothing, and another user from all).</summary>
    Foreign,

    /// <summary>A folder is in its place.</summary>
    Folder,

    /// <summary>The file is as it was, and the disk takes no byte from the start on.</summary>
    FullDisk,
}
