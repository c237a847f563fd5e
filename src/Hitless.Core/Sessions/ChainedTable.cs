using System.Numerics;

namespace Hitless.Core.Sessions;

/// <summary>
/// A table of values by 64-bit hash that costs the same at any size: it grows by one chain at a time (linear hashing, Litwin 1980) and by
/// pages, so no item is ever moved and no addition takes longer because the table is large. Items have a number, from 1 on, which they
/// keep. Which chain a hash belongs to depends on a seed, so that who chooses hashes cannot make chains long. Adding and removing leave no
/// garbage. Not thread-safe.
/// </summary>
internal sealed class ChainedTable<T>(ulong seed)
    where T : struct, IChained
{
    private const int ChainsMin = 1024;
    private readonly PagedArray<T> items = new();
    private readonly PagedArray<int> heads = Heads();
    private int chains = ChainsMin;
    private int free;

    /// <summary>Items in it.</summary>
    public int Count { get; private set; }

    /// <summary>The highest number of an item so far; a number up to it whose hash is 0 is free.</summary>
    public int Last { get; private set; }

    public ref T this[int number] => ref items[number];

    /// <summary>The number of the item with this hash; 0 when there is none.</summary>
    public int Find(ulong hash)
    {
        var at = heads[ChainOf(hash)];
        while (at != 0 && items[at].Hash != hash)
            at = items[at].Next;
        return at;
    }

    /// <summary>Adds an item for a hash that is not there; its other fields are those of the item that had its number before.</summary>
    public int Add(ulong hash)
    {
        var number = free;
        if (number == 0)
        {
            number = ++Last;
            items.Reserve(number + 1);
        }
        else
        {
            free = items[number].Next;
        }

        items[number].Hash = hash;
        Link(number, ChainOf(hash));
        Count++;
        if (Count > chains)
            Split();
        return number;
    }

    /// <summary>Removes an item.</summary>
    public void Remove(int number)
    {
        ref var item = ref items[number];
        ref var link = ref heads[ChainOf(item.Hash)];
        if (link == number)
        {
            link = item.Next;
        }
        else
        {
            var at = link;
            while (items[at].Next != number)
                at = items[at].Next;
            items[at].Next = item.Next;
        }

        item.Hash = 0;
        item.Next = free;
        free = number;
        Count--;
    }

    /// <summary>Removes all, and gives the memory of a large table back.</summary>
    public void Clear()
    {
        if (Last == 0)
            return;
        items.Trim(1);
        heads.Trim(ChainsMin);
        for (var chain = 0; chain < ChainsMin; chain++)
            heads[chain] = 0;
        (chains, free, Count, Last) = (ChainsMin, 0, 0, 0);
    }

    private static PagedArray<int> Heads()
    {
        var heads = new PagedArray<int>();
        heads.Reserve(ChainsMin);
        return heads;
    }

    // The chains beyond the last power of two have each taken a part of one below it.
    private int ChainOf(ulong hash)
    {
        var spread = SessionKey.Mix(hash ^ seed);
        var half = 1 << BitOperations.Log2((uint)chains);
        var chain = (int)(spread & (ulong)((half * 2) - 1));
        return chain < chains ? chain : chain & (half - 1);
    }

    private void Link(int number, int chain)
    {
        ref var head = ref heads[chain];
        items[number].Next = head;
        head = number;
    }

    private void Split()
    {
        var from = chains - (1 << BitOperations.Log2((uint)chains));
        heads.Reserve(++chains);
        heads[chains - 1] = 0;
        var at = heads[from];
        heads[from] = 0;
        while (at != 0)
        {
            var next = items[at].Next;
            Link(at, ChainOf(items[at].Hash));
            at = next;
        }
    }
}
