namespace Hitless.Core.Sessions;

/// <summary>A set of 64-bit hashes in one flat array (open addressing). Two sessions of one hash count as one; at a million sessions that happens once in 37 million tables.</summary>
public sealed class HashMarks
{
    private ulong[] slots = new ulong[1024];

    /// <summary>Hashes in the set.</summary>
    public int Count { get; private set; }

    /// <summary>Adds a hash.</summary>
    public void Add(ulong hash)
    {
        if (Count >= slots.Length / 2)
            Grow();
        if (hash == 0)
            hash = 1;
        ref var slot = ref Find(hash);
        if (slot != 0)
            return;
        slot = hash;
        Count++;
    }

    /// <summary>True when the hash was added.</summary>
    public bool Contains(ulong hash) => Find(hash == 0 ? 1 : hash) != 0;

    /// <summary>Empties the set and gives a large array back.</summary>
    public void Clear()
    {
        if (slots.Length > 65_536)
            slots = new ulong[1024];
        else
            Array.Clear(slots);
        Count = 0;
    }

    private ref ulong Find(ulong hash)
    {
        var mask = slots.Length - 1;
        var at = (int)hash & mask;
        while (slots[at] != 0 && slots[at] != hash)
            at = (at + 1) & mask;
        return ref slots[at];
    }

    private void Grow()
    {
        var former = slots;
        slots = new ulong[former.Length * 2];
        foreach (var hash in former)
        {
            if (hash != 0)
                Find(hash) = hash;
        }
    }
}
