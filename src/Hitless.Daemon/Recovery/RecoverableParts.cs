using Hitless.Daemon.Peers;
using Hitless.Daemon.Upgrade;
using Hitless.Firmware.Images;

namespace Hitless.Daemon.Recovery;

/// <summary>The images, and the journals and reports of runs: what is here, and what of the inventory is not.</summary>
public sealed class RecoverableParts(string self, ImageStore images, UnitSteps steps, JournalStore journals, PeerClient peers)
{
    /// <summary>
    /// What was known and is gone, damaged, or cut off. Reads the beginnings of images, and journals and reports as a whole.
    /// </summary>
    public IReadOnlyList<ILostPart> LostOf(StateInventory known)
    {
        // To read them all is to find the damaged ones.
        string[] runs = [.. journals.Runs().Where(run => journals.Read(run).Count > 0)];
        var here = images.Look();
        return
        [
            .. known.Images.Where(image => !here.Contains((image.Hash, image.Bytes))).Select(LostImage),
            .. known
                .Journals.Concat(journals.Runs())
                .Except(runs, StringComparer.Ordinal)
                .Union(journals.Damaged, StringComparer.Ordinal)
                .Select(LostJournal),
            .. known
                .Reports.Union(journals.Reports.Names(), StringComparer.Ordinal)
                .Where(run => journals.Reports.Read(run) is null)
                .Select(LostReport),
        ];
    }

    /// <summary>What is here, and what of <paramref name="known"/> is still sought.</summary>
    public StateInventory Take(StateInventory known, IReadOnlyCollection<ILostPart> sought)
    {
        HashSet<string> names = [.. sought.Select(part => part.Name)];
        return new StateInventory(
            [
                .. images
                    .List()
                    .Select(image => new KnownImage(image.Hash, image.Version, image.SizeBytes))
                    .UnionBy(known.Images.Where(image => names.Contains(LostImage(image).Name)), image => image.Hash),
            ],
            [.. journals.Runs().Union(known.Journals.Where(run => names.Contains(LostJournal(run).Name)), StringComparer.Ordinal)],
            [.. journals.Reports.Names().Union(known.Reports.Where(run => names.Contains(LostReport(run).Name)), StringComparer.Ordinal)]
        );
    }

    private ILostPart LostImage(KnownImage image) => new LostImage(image, images, steps);

    private ILostPart LostJournal(string run) => new LostJournal(self, run, journals, peers);

    private ILostPart LostReport(string run) => new LostReport(self, run, journals.Reports, peers);
}
