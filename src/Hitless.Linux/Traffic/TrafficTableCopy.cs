using Hitless.Linux.Nftables;

namespace Hitless.Linux.Traffic;

/// <summary>One of the tables that hold the same rules, and whose it is.</summary>
internal readonly record struct TrafficTableCopy(string Name, NftTableFlags Flags);
