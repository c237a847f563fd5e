using Hitless.Core.Cluster;
using Hitless.Core.Configuration;

namespace Hitless.Linux.Balance;

/// <summary>An interface whose frames are handed on: its name, its virtual MAC, and which side of the gateway it is on.</summary>
public sealed record BalancePort(string Name, MacAddress VirtualMac, PortSide Side);
