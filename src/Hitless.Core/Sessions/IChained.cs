namespace Hitless.Core.Sessions;

/// <summary>An item of a <see cref="ChainedTable{T}"/>.</summary>
internal interface IChained
{
    /// <summary>What it is found by; 0: the item is free.</summary>
    ulong Hash { get; set; }

    /// <summary>The next one of its chain; 0: none.</summary>
    int Next { get; set; }
}
