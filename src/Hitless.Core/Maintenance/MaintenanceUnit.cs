using Hitless.Core.Cluster;

namespace Hitless.Core.Maintenance;

/// <summary>A unit as its last heartbeat tells of it.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Role">Its role; none while it is not heard.</param>
/// <param name="State">Its state.</param>
/// <param name="Ready">It could be primary now.</param>
/// <param name="Failures">Failed interfaces and probes, and what it would not forward.</param>
public sealed record MaintenanceUnit(string Name, UnitRole Role, UnitState State, bool Ready, int Failures);
