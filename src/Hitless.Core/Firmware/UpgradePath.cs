using Hitless.Core.Api;

namespace Hitless.Core.Firmware;

/// <summary>Which images lead from one version to another when none does in one step.</summary>
public static class UpgradePath
{
    /// <summary>
    /// The fewest images that follow each other from <paramref name="from"/> to <paramref name="to"/>, in order; of several such paths the
    /// one with the newest versions in between. Null: the catalogue has none. Images whose version or ranges cannot be read are left out.
    /// </summary>
    public static IReadOnlyList<ImageInfo>? Find(SemanticVersion from, SemanticVersion to, IEnumerable<ImageInfo> catalogue)
    {
        List<(ImageInfo Image, SemanticVersion Version, VersionRange[] From)> images = [];
        foreach (var image in catalogue)
        {
            var ranges = image
                .UpgradeFrom.Select(text => VersionRange.TryParse(text, out var range) ? range : null)
                .OfType<VersionRange>()
                .ToArray();
            if (SemanticVersion.TryParse(image.Version, out var version))
            {
                images.Add((image, version, ranges));
            }
        }

        images.Sort((a, b) => b.Version.CompareTo(a.Version));
        Dictionary<SemanticVersion, (ImageInfo Image, SemanticVersion Before)> reached = [];
        var next = new Queue<SemanticVersion>([from]);
        while (next.TryDequeue(out var here) && !reached.ContainsKey(to))
        {
            foreach (var (image, version, ranges) in images)
            {
                if (version.CompareTo(from) != 0 && !reached.ContainsKey(version) && Array.Exists(ranges, range => range.Contains(here)))
                {
                    reached[version] = (image, here);
                    next.Enqueue(version);
                }
            }
        }

        if (from.CompareTo(to) == 0)
        {
            return [];
        }

        List<ImageInfo> path = [];
        for (var at = to; at.CompareTo(from) != 0; )
        {
            if (!reached.TryGetValue(at, out var step))
            {
                return null;
            }

            path.Insert(0, step.Image);
            at = step.Before;
        }

        return path;
    }
}
