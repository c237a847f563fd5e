namespace Hitless.Core.Wire;

/// <summary>A unit's number, random and kept for life; what the election asks last. 0 is nobody's.</summary>
public readonly record struct UnitId(ulong Number);
