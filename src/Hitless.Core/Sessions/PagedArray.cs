namespace Hitless.Core.Sessions;

/// <summary>An array that grows by pages: what is in it is never copied or moved, so that growing takes no longer in a large one, and no large block of memory is needed at once.</summary>
internal sealed class PagedArray<T>
    where T : struct
{
    private const int PageBits = 12;
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
            pages[pageCount++] = new T[PageItems];
        }
    }

    /// <summary>Gives the room beyond so many items back. What it held is forgotten.</summary>
    public void Trim(int items)
    {
        while (Room - PageItems >= items)
            pages[--pageCount] = null!;
    }
}
