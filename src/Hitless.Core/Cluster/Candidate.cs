using Hitless.Core.Wire;

namespace Hitless.Core.Cluster;

/// <summary>
/// What the election looks at. <c>Serial</c> is the unit's id; <c>Failures</c> counts failed monitored ports and failing probes.
/// </summary>
public readonly record struct Candidate(UnitId Serial, string Name, bool Ready, int Failures, TimeSpan Age, int Priority, bool Override);
