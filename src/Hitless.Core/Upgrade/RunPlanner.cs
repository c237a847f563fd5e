using Hitless.Core.Api;
using Hitless.Core.Configuration;
using Hitless.Core.Wire;

namespace Hitless.Core.Upgrade;

/// <summary>The cluster at the moment when a run is asked for.</summary>
/// <param name="Run">A name that no run has.</param>
/// <param name="Number">The number of the run: higher than that of any run before.</param>
/// <param name="Self">The unit that plans.</param>
/// <param name="OwnVersion">What it runs.</param>
/// <param name="Status">The cluster's status, with what each unit runs and from which slot.</param>
/// <param name="Units">Every unit by name, with its id; present or not.</param>
/// <param name="Now">The time of the planning unit's clock: for the report, not for any order.</param>
/// <param name="Soak">How long a new primary is watched.</param>
/// <param name="RejoinTimeout">How long a unit may take to come back.</param>
public sealed record RunOccasion(
    string Run,
    long Number,
    string Self,
    string OwnVersion,
    ClusterStatus Status,
    IReadOnlyList<(string Name, UnitId Id, bool Present)> Units,
    DateTimeOffset Now,
    TimeSpan Soak,
    TimeSpan RejoinTimeout
)
{
    /// <summary>When the maintenance window that is open ends; null: none is.</summary>
    public DateTimeOffset? WindowEnd { get; init; }

    /// <summary>Gates that somebody outside opens.</summary>
    public IReadOnlyList<OutsideGate> Gates { get; init; } = [];
}

/// <summary>The image of a run.</summary>
/// <param name="Hash">Its hash.</param>
/// <param name="Version">Its version.</param>
/// <param name="Baseline">What a rehearsal of it has measured.</param>
public sealed record PlannedImage(string Hash, string Version, RunBaseline? Baseline);

/// <summary>Makes the header of a run from what an operator asks for, or says why there can be none.</summary>
public static class RunPlanner
{
    private const string ActiveActive = "active-active";

    /// <summary>A run that brings an image to the units that the request names.</summary>
    /// <param name="occasion">The cluster now.</param>
    /// <param name="request">What is asked for.</param>
    /// <param name="asked">The unit that was asked: it alone is meant by the extent <c>this</c>.</param>
    /// <param name="image">The image.</param>
    /// <param name="header">The header.</param>
    /// <param name="why">Why there is none.</param>
    public static bool TryPlan(
        RunOccasion occasion,
        UpgradeRequest request,
        string asked,
        PlannedImage image,
        [NotNullWhen(true)] out RunHeader? header,
        [NotNullWhen(false)] out Refusal? why
    )
    {
        if (!TryBegin(occasion, image.Hash, image.Version, out header, out why))
        {
            return false;
        }

        why =
            request.Simultaneous && (request.Extent != "all" || request.Parallel || request.Rehearse || request.RehearseOnly)
                ? new Refusal(
                    "a simultaneous run takes every unit at once, and switches nothing over",
                    "leave out the extent, parallel and rehearse; or leave out simultaneous"
                )
            : WhyNoRedundancy(request, header.Members.Count) is { } kept ? kept
            : request.RehearseOnly || request.Extent is "all" or "standbys" or "this" ? null
            : new Refusal($"\"{request.Extent}\" is no extent of an upgrade", "the extents are all, standbys and this");
        if (why is not null)
        {
            header = null;
            return false;
        }

        var formerPrimary = header.FormerPrimary;
        header = header with
        {
            Guided = request.Guided,
            KeepPrimary = request.KeepPrimary,
            Parallel = request.Parallel,
            KeepRedundancy = request.KeepRedundancy,
            Simultaneous = request.Simultaneous,
            AcceptInterruption = request.AcceptInterruption,
            AcceptConversion = request.AcceptConversion,
            Rehearse = request.Rehearse,
            RehearseOnly = request.RehearseOnly,
            Until = request.Until ?? (request.OutsideWindow ? null : occasion.WindowEnd),
            OutsideWindow = request.OutsideWindow,
            AllowDowngrade = request.AllowDowngrade,
            Baseline = request.RehearseOnly ? null : image.Baseline,
            Units = request switch
            {
                { RehearseOnly: true } => [],
                { Extent: "standbys" } => [.. header.Members.Where(m => m.Name != formerPrimary).Select(m => m.Name)],
                { Extent: "this" } => [asked],
                _ => null,
            },
        };
        return true;
    }

    /// <summary>A run that takes back what <paramref name="done"/> has changed and still stands.</summary>
    public static bool TryTakeBack(
        RunOccasion occasion,
        RunHeader done,
        [NotNullWhen(true)] out RunHeader? header,
        [NotNullWhen(false)] out Refusal? why
    )
    {
        if (!TryBegin(occasion, "", done.From, out header, out why))
        {
            return false;
        }

        string[] changed =
        [
            .. header
                .Members.Where(m => m.Version == done.To && done.Members.Any(d => d.Name == m.Name && d.Version == done.From))
                .Select(m => m.Name),
        ];
        if (changed.Length == 0)
        {
            header = null;
            why = new Refusal($"no unit runs {done.To} because of run {done.Run}", "hitless status tells what every unit runs");
            return false;
        }

        header = header with
        {
            From = done.To,
            TakesBack = done.Run,
            Units = changed,
            KeepRedundancy = done.KeepRedundancy && header.Members.Count >= Redundancy.UnitsMin,
        };
        return true;
    }

    private static Refusal? WhyNoRedundancy(UpgradeRequest request, int units) =>
        !request.KeepRedundancy ? null
        : units < Redundancy.UnitsMin
            ? new Refusal(
                $"a run keeps {Redundancy.OthersMin} units ready while another is upgraded only where there are {Redundancy.UnitsMin}, and "
                    + $"this cluster has {units}",
                "leave out --keep-redundancy, or add a unit first: hitless invite"
            )
        : request.Parallel || request.Simultaneous
            ? new Refusal(
                "a run that keeps redundancy takes out one unit at a time",
                "leave out --keep-redundancy, or --parallel and --simultaneous"
            )
        : request.RehearseOnly
            ? new Refusal("a rehearsal takes no unit out, so there is no redundancy to keep", "leave out --keep-redundancy")
        : null;

    private static bool TryBegin(
        RunOccasion occasion,
        string image,
        string to,
        [NotNullWhen(true)] out RunHeader? header,
        [NotNullWhen(false)] out Refusal? why
    )
    {
        header = null;
        why = null;
        var present = occasion.Units.Where(u => u.Present).GroupBy(u => u.Name, StringComparer.Ordinal);
        if (present.FirstOrDefault(named => named.Count() > 1) is { } same)
        {
            why = new Refusal($"{same.Count()} units are named {same.Key}", "give each a unit.name of its own and restart hitlessd there");
            return false;
        }

        var ids = occasion.Units.DistinctBy(u => u.Name).ToDictionary(u => u.Name, u => u.Id, StringComparer.Ordinal);
        var status = occasion.Status;
        header = new RunHeader(
            occasion.Run,
            image,
            status.Units.FirstOrDefault(u => u.Version != to)?.Version ?? occasion.OwnVersion,
            to,
            Guided: false,
            KeepPrimary: false,
            status.Primary ?? occasion.Self,
            [.. status.Units.Select(u => new RunMember(u.Name, u.Version, u.Slot, u.Priority) { Serial = ids.GetValueOrDefault(u.Name) })],
            occasion.Now,
            (long)occasion.Soak.TotalMilliseconds,
            (long)occasion.RejoinTimeout.TotalMilliseconds
        )
        {
            Number = occasion.Number,
            Gates = occasion.Gates,
            Balanced = status.Mode == ActiveActive,
        };
        return true;
    }
}
