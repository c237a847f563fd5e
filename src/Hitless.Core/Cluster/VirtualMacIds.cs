namespace Hitless.Core.Cluster;

/// <summary>
/// Which interface has which id in its virtual MAC: a function of the set of names alone, whatever their order, so that every unit finds
/// the same, and an interface keeps its own when others come, go or change places (docs/decisions/0044).
/// </summary>
public static class VirtualMacIds
{
    /// <summary>The ids below are for whoever gives one by hand: no name gets them.</summary>
    public const int ByHand = 64;

    private const int Choices = VirtualMac.IdMax + 1 - ByHand;

    /// <summary>
    /// The ids in the order of <paramref name="interfaces"/>; no two are equal. Names, and ids that were given by hand, must differ.
    /// </summary>
    public static IReadOnlyList<int> Of(IReadOnlyList<(string Name, int? Fixed)> interfaces)
    {
        var ids = new int[interfaces.Count];
        var taken = interfaces.Select(each => each.Fixed).OfType<int>().ToHashSet();

        // Names of one first choice: the one with the smaller hash has it, whoever came first.
        var inOrder = interfaces
            .Select((each, place) => (each.Name, place))
            .OrderBy(each => Hash(each.Name))
            .ThenBy(each => each.Name, StringComparer.Ordinal);
        foreach (var (name, place) in inOrder)
        {
            ids[place] = interfaces[place].Fixed ?? FirstFree(Hash(name), taken);
        }

        return ids;
    }

    private static int FirstFree(ulong hash, HashSet<int> taken)
    {
        // An odd step reaches at least 64 of the ids before it repeats itself, and there are at most 64 interfaces.
        var step = 1 + (2 * ((hash >> 32) % (Choices / 2)));
        for (var choice = hash % Choices; ; choice = (choice + step) % Choices)
        {
            var id = ByHand + (int)choice;
            if (taken.Add(id))
            {
                return id;
            }
        }
    }

    /// <summary>FNV-1a with 64 bits, and its upper half mixed into the lower one: short names differ in few bits.</summary>
    private static ulong Hash(string name)
    {
        var hash = 14695981039346656037UL;
        foreach (var letter in name)
        {
            hash = (hash ^ letter) * 1099511628211UL;
        }

        hash ^= hash >> 33;
        hash *= 0xff51afd7ed558ccdUL;
        return hash ^ (hash >> 33);
    }
}
