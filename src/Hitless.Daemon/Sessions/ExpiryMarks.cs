namespace Hitless.Daemon.Sessions;

/// <summary>When sessions were last told to expire: hash and second, in flat arrays (12 bytes a session at half load). One set is filled while the former one is read.</summary>
internal sealed class ExpiryMarks
{
    private ulong[] hashes = new ulong[1024];
    private int[] seconds = new int[1024];

    public int Count { get; private set; }

    /// <summary>Notes the second at which a session expires.</summary>
    public void Set(ulong hash, int second)
    {
        if (Count >= hashes.Length / 2)
            Grow();
        hash = hash == 0 ? 1 : hash;
        var at = Find(hash);
        Count += hashes[at] == 0 ? 1 : 0;
        (hashes[at], seconds[at]) = (hash, second);
    }

    /// <summary>The second noted; false when there is none.</summary>
    public bool TryGet(ulong hash, out int second)
    {
        hash = hash == 0 ? 1 : hash;
        var at = Find(hash);
        second = seconds[at];
        return hashes[at] == hash;
    }

    /// <summary>Makes it empty, and keeps its room: large arrays that come and go make the garbage collector stop everything.</summary>
    public void Clear()
    {
        Array.Clear(hashes);
        Array.Clear(seconds);
        Count = 0;
    }

    private int Find(ulong hash)
    {
        var mask = hashes.Length - 1;
        var at = (int)hash & mask;
        while (hashes[at] != 0 && hashes[at] != hash)
            at = (at + 1) & mask;
        return at;
    }

    private void Grow()
    {
        var (formerHashes, formerSeconds) = (hashes, seconds);
        (hashes, seconds, Count) = (new ulong[hashes.Length * 2], new int[hashes.Length * 2], 0);
        for (var i = 0; i < formerHashes.Length; i++)
        {
            if (formerHashes[i] != 0)
                Set(formerHashes[i], formerSeconds[i]);
        }
    }
}
