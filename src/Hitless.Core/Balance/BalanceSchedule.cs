using System.Diagnostics.CodeAnalysis;

namespace Hitless.Core.Balance;

/// <summary>How flows are shared out, by FortiOS's names (<c>balance.schedule</c>). All of them go by the inside address.</summary>
public enum BalanceSchedule
{
    /// <summary>Not at all: the primary carries everything.</summary>
    None,

    /// <summary>By the inside address; every unit the same share.</summary>
    Ip,

    /// <summary>By the inside address; each unit a share by its <c>unit.weight</c>.</summary>
    WeightedRoundRobin,
}

/// <summary>The names of schedules.</summary>
public static class BalanceSchedules
{
    private const string None = "none";

    /// <summary>Those that can be had, in the order of <see cref="BalanceSchedule"/>.</summary>
    public static IReadOnlyList<string> Names { get; } = [None, "ip", "weighted-round-robin"];

    /// <summary>Its name.</summary>
    public static string NameOf(BalanceSchedule schedule) => Names[(int)schedule];

    /// <summary>
    /// The schedule of that name; or why FortiOS's schedule of that name is none here, to be read after the name.
    /// </summary>
    public static bool TryParse(string name, out BalanceSchedule schedule, [NotNullWhen(false)] out string? why)
    {
        schedule = (BalanceSchedule)Math.Max(0, Names.ToList().IndexOf(name));
        why = Names.Contains(name)
            ? null
            : name switch
            {
                "round-robin" => "is not supported: units that take turns would each see one direction of a session",
                "random" => "is not supported: both directions of a session have to meet the same unit",
                "hub" => "is not supported: no unit but the primary receives the frames",
                "ip-port" => "is not supported: fragments, ICMP errors and the data connections of FTP and SIP would meet another unit",
                "least-connection" => "is not supported: shares do not follow the load (weighted-round-robin goes by unit.weight)",
                _ => "is not a schedule",
            };
        return why is null;
    }
}
