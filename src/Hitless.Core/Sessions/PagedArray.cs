namespace Hitless.Core.Sessions;

/// <summary>
/// An array that grows by pages: what is in it is never copied, so that growing takes no longer in a large one. Pages are small enough to
/// be ordinary objects to the garbage collector (under 85,000 bytes): a thread that allocates large ones while a collection runs in the
/// background has to wait for that.
/// </summary>
internal sealed class PagedArray<T>
    where T : struct
{
    private const int PageBits = 10;
    private const int PageItems = 1 << PageBits;
    private T[][] pages = new T[8][];
    private int pageCount;

    /// <summary>Items that have room.</summary>
    public int Room => pageCount << PageBits;

    public ref T this[int index] => ref pages[index >> PageBits][index & (PageItems - 1)];

    /// <summary>Makes room for so many items.</summary>
    public void Reserve(int items)
    {
        while (Room < items)
        {
            if (pageCount == pages.Length)
                Array.Resize(ref pages, pages.Length * 2);
            pages[pageCount++] = GC.AllocateArray<T>(PageItems, pinned: true);
        }
    }

    /// <summary>Gives the room beyond so many items back. What it held is forgotten.</summary>
    public void Trim(int items)
    {
        while (Room - PageItems >= items)
            pages[--pageCount] = null!;
    }
}
