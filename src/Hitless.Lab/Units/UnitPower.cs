namespace Hitless.Lab.Units;

/// <summary>The power switch of a unit.</summary>
public static class UnitPower
{
    /// <summary>On, with its web manager where it has one.</summary>
    public static void Boot(LabUnit unit)
    {
        unit.Platform.Boot(unit);
        LabWeb.Start(unit);
    }

    /// <summary>Off, and on again.</summary>
    public static void Restart(LabUnit unit)
    {
        unit.Platform.Reset(unit);
        Boot(unit);
    }

    /// <summary>A line of the lab itself in the unit's log.</summary>
    public static void Note(LabUnit unit, string text) =>
        File.AppendAllText(unit.Log, $"---- {DateTimeOffset.UtcNow:O} lab: {text}{Environment.NewLine}");
}
