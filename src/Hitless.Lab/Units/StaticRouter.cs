using Hitless.Lab.Network;

namespace Hitless.Lab.Units;

/// <summary>gw1 as a plain router without Hitless: what the traffic programs are tried out against, and the yardstick for their own noise.</summary>
public static class StaticRouter
{
    /// <summary>Gives gw1 the virtual addresses by hand.</summary>
    public static void Configure(LabPlan plan)
    {
        var unit = new LabUnit(plan, "gw1");
        UnitPower.BringUp(unit, new Dictionary<string, string[]>(StringComparer.Ordinal)
        {
            ["lan0"] = [$"{Addresses.VirtualLan}/24", $"{Addresses.VirtualLan6}/64"],
            ["wan0"] = [$"{Addresses.VirtualWan}/24", $"{Addresses.VirtualWan6}/64"],
        });
    }
}
