namespace Hitless.House.Tests.Tree;

/// <summary>A rule of the house fails with all the places that break it, not with the first.</summary>
internal static class Findings
{
    public static void None(string rule, IEnumerable<string> places)
    {
        var all = places.ToList();
        Assert.True(all.Count == 0, $"{rule}\n  {string.Join("\n  ", all)}");
    }
}
