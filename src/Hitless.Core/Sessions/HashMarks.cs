namespace Hitless.Core.Sessions;

/// <summary>
/// A set of 64-bit hashes. Two sessions of one hash count as one; at a million sessions that happens once in 37 million tables. Adding
/// takes no longer in a large set.
/// </summary>
/// <param name="seed">Keeps who chooses hashes from making the set slow.</param>
public sealed class HashMarks(ulong seed = 0)
{
    private readonly ChainedTable<Mark> marks = new(seed);

    /// <summary>Hashes in the set.</summary>
    public int Count => marks.Count;

    /// <summary>Adds a hash.</summary>
    public void Add(ulong hash)
    {
        hash = hash == 0 ? 1 : hash;
        if (marks.Find(hash) == 0)
            marks.Add(hash);
    }

    /// <summary>True when the hash was added.</summary>
    public bool Contains(ulong hash) => marks.Find(hash == 0 ? 1 : hash) != 0;

    /// <summary>Empties the set and gives its memory back.</summary>
    public void Clear() => marks.Clear();

    private struct Mark : IChained
    {
        public ulong Hash { get; set; }

        public int Next { get; set; }
    }
}
