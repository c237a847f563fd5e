using Hitless.Core.Api;
using Hitless.Core.Forwarding;

namespace Hitless.Core.Status;

/// <summary>What is wrong with a cluster, and what that makes of its health.</summary>
public static class ClusterHealth
{
    /// <summary>Everything that an operator should know of, a sentence each.</summary>
    /// <param name="ofThisUnit">What the answering unit has found wrong with its links, disk and routing.</param>
    /// <param name="primary">Who carries the traffic; null: nobody that it hears.</param>
    /// <param name="expected">How many units the cluster has.</param>
    /// <param name="units">What each unit says of itself, or its heartbeats do.</param>
    public static IReadOnlyList<string> Problems(
        IEnumerable<string> ofThisUnit,
        string? primary,
        int expected,
        IReadOnlyList<UnitStatus> units
    ) =>
        [
            .. ofThisUnit,
            .. primary is null ? ["this unit hears no primary"] : Array.Empty<string>(),
            .. units.Count < expected ? [$"{expected - units.Count} of {expected} units were never heard"] : Array.Empty<string>(),
            .. units.Where(unit => unit.State != UnitStateWord.Ready).Select(NotReady),
            .. units
                .Where(unit => unit.State == UnitStateWord.Ready && unit.Replication is null)
                .Select(unit => $"{unit.Name} is heard, and its API does not answer: commits and upgrades wait for it"),
            .. units.SelectMany(Forwarding),
            .. units.Select(unit => unit.Balance?.Problem).OfType<string>().Select(problem => $"load balancing is off: {problem}"),
            .. units.Select(unit => unit.Balance).OfType<BalanceStatus>().Where(each => each.UnlistedHosts > 0).Select(Unlisted),
            .. units.SelectMany(unit => (unit.Services?.Problems ?? []).Select(problem => $"{unit.Name}: {problem}")),
            .. ClockComparison.Problems(units),
            .. units
                .Where(unit => unit.Configuration == SyncState.OutOfSync)
                .Select(unit => $"the configuration of {unit.Name} is out of sync"),
        ];

    /// <summary>What problems make of it.</summary>
    public static ClusterCondition Of(string? primary, IReadOnlyCollection<string> problems) =>
        primary is null ? ClusterCondition.Down
        : problems.Count == 0 ? ClusterCondition.Ok
        : ClusterCondition.Degraded;

    // Without a number: it is one problem, however many hosts there will be.
    private static string Unlisted(BalanceStatus balance) =>
        "the firewall translates flows of inside hosts that balance.on-primary does not list"
        + (balance.Unlisted is [var first, ..] ? $", {first} among them" : "")
        + ": their flows stay on the primary since that was seen, and packets before may be lost; list their networks";

    private static string NotReady(UnitStatus unit) =>
        unit.State != UnitStateWord.Held
            ? $"{unit.Name} is {unit.State}"
            : $"{unit.Name} is held for maintenance{(unit.Hold is { Reason.Length: > 0 } hold ? $" ({hold.Reason})" : "")}: "
                + (unit.Role == UnitRoleWord.Primary ? "it hands over when another unit is ready" : "it does not take over")
                + $"; hitless unit release {unit.Name} ends that";

    private static IEnumerable<string> Forwarding(UnitStatus unit) =>
        unit.Forwarding is { AsPrimary: false } forwarding
            ? forwarding
                .Differences.Where(difference => difference.LosesTraffic)
                .Select(difference =>
                    $"{unit.Name} would not forward as {forwarding.Primary} does: "
                    + ForwardingComparison.Describe(difference, forwarding.Primary, unit.Name)
                )
            : [];
}
