namespace Hitless.Lab.Network;

/// <summary>Every address of the lab, in one place.</summary>
public static class Addresses
{
    /// <summary>The virtual addresses on lan0.</summary>
    public const string VirtualLan = "10.10.1.1",
        VirtualLan6 = "fd00:1::1";

    /// <summary>The virtual addresses on wan0.</summary>
    public const string VirtualWan = "10.10.2.1",
        VirtualWan6 = "fd00:2::1";

    /// <summary>The server.</summary>
    public const string Server = "10.10.2.10",
        Server6 = "fd00:2::10";

    /// <summary>Sources of the client that the firewall forwards as they are.</summary>
    public static IReadOnlyList<string> PlainSources { get; } = [.. Range("10.10.1.10", 1, 8)];

    /// <summary>The same for IPv6.</summary>
    public static IReadOnlyList<string> PlainSources6 { get; } = [.. Range("fd00:1::10", 1, 8)];

    /// <summary>Sources of the client that use services of the virtual address, which the firewall translates to the server.</summary>
    public static IReadOnlyList<string> ServedSources { get; } = [.. Range("10.10.1.15", 1, 4)];

    /// <summary>The same for IPv6.</summary>
    public static IReadOnlyList<string> ServedSources6 { get; } = [.. Range("fd00:1::15", 1, 4)];

    /// <summary>All networks of the client whose flows the firewall translates.</summary>
    public static IReadOnlyList<string> Translated { get; } = ["10.10.1.192/26", "10.10.1.144/28", "fd00:1::200/120", "fd00:1::150/124"];

    /// <summary>Sources of the client that the firewall hides behind the virtual address on wan0 (10.10.1.192/26).</summary>
    public static IReadOnlyList<string> HiddenSources { get; } = [.. Range("10.10.1.20", 1, 4)];

    /// <summary>The same for IPv6 (fd00:1::200/120).</summary>
    public static IReadOnlyList<string> HiddenSources6 { get; } = [.. Range("fd00:1::20", 1, 4)];

    /// <summary>A unit's own addresses on a port, with prefix length.</summary>
    public static IEnumerable<string> Own(string port, int unit) =>
        port switch
        {
            "lan0" => [$"10.10.1.{10 + unit}/24", $"fd00:1::{10 + unit}/64"],
            "wan0" => [$"10.10.2.{10 + unit}/24", $"fd00:2::{10 + unit}/64"],
            _ => [$"{Link(port, unit)}/24"],
        };

    /// <summary>A unit's address on a heartbeat link or on the session link.</summary>
    public static string Link(string port, int unit) =>
        port == LabPlan.SessionPort ? $"10.10.8.{unit}" : $"10.10.{9 + int.Parse(port.AsSpan(2))}.{unit}";

    /// <summary>An emulated machine's address on the network that the lab enters it by.</summary>
    public static string Management(int unit) => $"10.10.0.{unit}";

    /// <summary>The lab's own address there, with prefix length.</summary>
    public const string ManagementHost = "10.10.0.254/24";

    private static IEnumerable<string> Range(string beginning, int from, int to) =>
        Enumerable.Range(from, to).Select(number => $"{beginning}{number}");
}
