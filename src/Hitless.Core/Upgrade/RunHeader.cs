namespace Hitless.Core.Upgrade;

/// <summary>What a run is about, fixed when it starts; the first entry of its journal. <c>Image</c> is the image's hash.</summary>
public sealed record RunHeader(
    string Run,
    string Image,
    string From,
    string To,
    bool Guided,
    bool KeepPrimary,
    string FormerPrimary,
    IReadOnlyList<RunMember> Members,
    DateTimeOffset StartedAt,
    long SoakMs,
    long RejoinTimeoutMs);

/// <summary>A unit that takes part, as it was before the run.</summary>
public sealed record RunMember(string Name, string Version, string Slot, int Priority);
