using Hitless.Lab.Network;

namespace Hitless.Lab.Units;

/// <summary>
/// gw1 as a plain router without Hitless: what the traffic programs are tried out against, and the yardstick for their own noise.
/// </summary>
public static class StaticRouter
{
    /// <summary>No more addresses than the unit's own.</summary>
    public static IReadOnlyDictionary<string, string[]> None { get; } = new Dictionary<string, string[]>(StringComparer.Ordinal);

    /// <summary>The virtual addresses, by port, if the unit is the one that has them by hand.</summary>
    public static IReadOnlyDictionary<string, string[]> GatewayAddresses(LabUnit unit) =>
        unit.Number != 1
            ? None
            : new Dictionary<string, string[]>(StringComparer.Ordinal)
            {
                ["lan0"] = [$"{Addresses.VirtualLan}/24", $"{Addresses.VirtualLan6}/64"],
                ["wan0"] = [$"{Addresses.VirtualWan}/24", $"{Addresses.VirtualWan6}/64"],
            };
}
