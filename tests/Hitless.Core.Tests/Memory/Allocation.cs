using Xunit;

namespace Hitless.Core.Tests.Memory;

/// <summary>Whether work allocates on its own thread.</summary>
internal static class Allocation
{
    private const int RunsMax = 10;

    /// <summary>
    /// Fails if each of ten runs allocates, after a first one that is not counted. One run says little: a collection that other tests
    /// cause in between counts what was left of this thread's room as allocated, up to some kilobytes.
    /// </summary>
    public static void AssertNone(Action work)
    {
        work();
        var allocated = new List<long>(RunsMax);
        while (!allocated.Contains(0) && allocated.Count < RunsMax)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            work();
            allocated.Add(GC.GetAllocatedBytesForCurrentThread() - before);
        }

        Assert.True(allocated.Contains(0), $"bytes allocated in each run: {string.Join(", ", allocated)}");
    }
}
