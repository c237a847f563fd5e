using Hitless.Core.Api;

namespace Hitless.Core.Configuration;

/// <summary>The sync report: per unit and item in sync or not, since when, why, and what to do.</summary>
public static class SyncReports
{
    /// <summary>Makes the report from what each unit said.</summary>
    /// <param name="cluster">The cluster's name.</param>
    /// <param name="reference">The facts of the primary (of the asked unit when there is none).</param>
    /// <param name="units">Every unit of the cluster and its facts; null for one that cannot be reached.</param>
    /// <param name="previous">The report before, which knows since when a unit is in its state.</param>
    /// <param name="now">The wall clock, for <c>Since</c>.</param>
    public static SyncReport Make(
        string cluster,
        UnitConfiguration reference,
        IEnumerable<(string Unit, UnitConfiguration? Facts)> units,
        SyncReport? previous,
        DateTimeOffset now
    )
    {
        List<SyncReportUnit> lines =
        [
            .. units.Select(u => Line(reference, u.Unit, u.Facts)).Select(line => line with { Since = SinceOf(line, previous) ?? now }),
        ];
        return new SyncReport(
            cluster,
            lines.All(l => l.State == SyncState.InSync),
            reference.Head?.Number ?? 0,
            reference.Head?.Hash ?? "",
            lines
        );
    }

    private static SyncReportUnit Line(UnitConfiguration reference, string unit, UnitConfiguration? facts)
    {
        if (facts is null)
        {
            return new SyncReportUnit(
                unit,
                SyncState.Unreachable,
                0,
                "",
                null,
                "the unit does not answer",
                "bring it back; it takes the current revision when it joins",
                []
            );
        }

        var (why, remedy) = Difference(reference, facts);
        return new SyncReportUnit(
            unit,
            why is null ? SyncState.InSync : SyncState.OutOfSync,
            facts.Head?.Number ?? 0,
            facts.Head?.Hash ?? "",
            null,
            why,
            remedy,
            facts.Items,
            facts.Branches
        );
    }

    private static (string? Why, string? Remedy) Difference(UnitConfiguration reference, UnitConfiguration facts)
    {
        if (facts.Head?.Hash != reference.Head?.Hash)
        {
            var relation = RevisionMerge.Compare(reference.Trunk, facts.Trunk) switch
            {
                MergeVerdict.TheyAreBehind =>
                    $"it holds revision {facts.Head?.Number ?? 0}, the cluster revision {reference.Head?.Number ?? 0}",
                MergeVerdict.FastForward => $"it holds revision {facts.Head?.Number}, which the primary does not have yet",
                MergeVerdict.TheirsWins =>
                    $"it holds revision {facts.Head?.Number} of epoch {facts.Head?.Epoch} by {facts.Head?.Author}, which wins over "
                        + $"the primary's",
                _ => $"it holds revision {facts.Head?.Number} of epoch {facts.Head?.Epoch} by {facts.Head?.Author}, which is not in "
                    + $"the cluster's history",
            };
            return facts.Failure is null
                ? (relation, "hitless config sync")
                : ($"{relation}; following failed: {facts.Failure}", "mend what the message names, then hitless config sync");
        }

        if (facts.Pending is { } pending)
        {
            return ($"revision {pending.Number} is applied on trial", "wait for the commit to end, or hitless config sync");
        }

        if (facts.RestartDue)
        {
            return (
                $"its daemon runs with settings from before revision {facts.Head?.Number}",
                "it restarts in service when its turn comes (all units ready, no run open); without hitless-boot: restart hitlessd"
            );
        }

        var wrong = facts.Items.Where(i => i.State != FileSyncState.InSync).ToList();
        return wrong.Count == 0
            ? (null, null)
            : (
                $"{wrong[0].Path} {wrong[0].State}{(wrong.Count > 1 ? $" and {wrong.Count - 1} more" : "")}",
                "hitless config diff shows it; commit the change, or hitless config sync to put the revision back"
            );
    }

    private static DateTimeOffset? SinceOf(SyncReportUnit line, SyncReport? previous) =>
        previous?.Units.FirstOrDefault(u => u.Unit == line.Unit && u.State == line.State)?.Since;
}
