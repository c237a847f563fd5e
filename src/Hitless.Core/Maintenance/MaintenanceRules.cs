using Hitless.Core.Api;
using Hitless.Core.Cluster;

namespace Hitless.Core.Maintenance;

/// <summary>Whether a unit may be taken away from its cluster for a while, and who carries the traffic meanwhile.</summary>
public static class MaintenanceRules
{
    private const string WhyNotReady = "hitless status tells why no other unit is ready";

    /// <summary>
    /// Hold <paramref name="unit"/>. One that carries the traffic hands over first; with <paramref name="force"/> also to a unit that is
    /// worse, and where there is none it carries it on.
    /// </summary>
    public static MaintenancePlan Hold(string unit, IReadOnlyList<MaintenanceUnit> units, bool runIsOpen, bool force)
    {
        if (runIsOpen)
        {
            return Refuse("an upgrade is under way, and it needs every unit", "let it end, or end it with hitless upgrade abort");
        }

        if (PrimaryOf(units) is not { } primary)
        {
            return Refuse("nobody is primary now", "wait some seconds and try again; hitless status tells why");
        }

        var successor = SuccessorOf(unit, units, force);
        if (primary.Name == unit)
        {
            return successor is not null ? new MaintenancePlan(null, successor, Alone(successor, units, unit))
                : force ? Carries(unit)
                : Refuse($"{unit} is primary, and {WhyNobody(unit, units)}", $"{WhyNotReady}; to hold it all the same: --force");
        }

        return new MaintenancePlan(null, null, Alone(primary.Name, units, unit));
    }

    /// <summary>Reboot <paramref name="unit"/>. One that carries the traffic hands over first.</summary>
    public static MaintenancePlan Reboot(string unit, IReadOnlyList<MaintenanceUnit> units, bool runIsOpen, bool force)
    {
        if (runIsOpen)
        {
            return Refuse(
                "an upgrade is under way: it restarts units itself, one after the other",
                "let it end, or end it with hitless upgrade abort"
            );
        }

        var primary = PrimaryOf(units);
        var successor = SuccessorOf(unit, units, force);
        return primary is not null && primary.Name != unit ? new MaintenancePlan(null, null, Alone(primary.Name, units, unit))
            : primary is not null && successor is not null ? new MaintenancePlan(null, successor, Alone(successor, units, unit))
            : force ? new MaintenancePlan(null, null, [$"{WhyNobody(unit, units)}: there is no traffic until {unit} is back"])
            : Refuse(
                $"{WhyNobody(unit, units)}: there would be no traffic until {unit} is back",
                $"{WhyNotReady}; to reboot it all the same: --force"
            );
    }

    private static MaintenancePlan Refuse(string error, string remedy) => new(new Refusal(error, remedy), null, []);

    private static MaintenancePlan Carries(string unit) =>
        new(
            null,
            null,
            [
                $"no other unit can take over: {unit} carries the traffic on, and hands over as soon as one is ready",
                $"should {unit} restart before that, nobody carries the traffic until it is released, or every unit is heard and held",
            ]
        );

    private static MaintenanceUnit? PrimaryOf(IReadOnlyList<MaintenanceUnit> units) =>
        units.FirstOrDefault(each => each.Role == UnitRole.Primary);

    /// <summary>As the cluster machine would hand over: to one that is ready and no worse.</summary>
    private static string? SuccessorOf(string unit, IReadOnlyList<MaintenanceUnit> units, bool evenIfWorse)
    {
        var own = units.FirstOrDefault(each => each.Name == unit)?.Failures ?? 0;
        return units
            .Where(each => each.Name != unit && each.Ready && (evenIfWorse || each.Failures <= own))
            .MinBy(each => each.Failures)
            ?.Name;
    }

    private static string WhyNobody(string unit, IReadOnlyList<MaintenanceUnit> units)
    {
        var others = units
            .Where(each => each.Name != unit)
            .Select(each => each.Ready ? $"{each.Name} is worse off" : $"{each.Name} is {UnitWording.Of(each.State)}")
            .ToArray();
        return others.Length == 0 ? "there is no other unit" : $"no other unit can take over ({string.Join(", ", others)})";
    }

    private static string[] Alone(string primary, IReadOnlyList<MaintenanceUnit> units, string without) =>
        units.Any(each => each.Name != without && each.Name != primary && each.Ready)
            ? []
            : [$"while {without} is away nobody takes over if {primary} fails"];
}
