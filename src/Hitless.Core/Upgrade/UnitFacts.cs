using Hitless.Core.Wire;

namespace Hitless.Core.Upgrade;

/// <summary>
/// What the driver of a run knows of a unit now. <c>Tag</c> tells one start of its daemon from another; <c>RunOpen</c>: it knows a run that
/// has not ended; <c>Carries</c>: flows are handed on to it, or are about to be (active-active).
/// </summary>
public readonly record struct UnitFacts(
    string Name,
    bool Present,
    bool Primary,
    bool Ready,
    string Version,
    int Failures,
    IncarnationTag Tag,
    bool RunOpen = false,
    bool Carries = false
);
