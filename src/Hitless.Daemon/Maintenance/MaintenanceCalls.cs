using Hitless.Core.Api;
using Hitless.Daemon.Peers;

namespace Hitless.Daemon.Maintenance;

/// <summary>An operator's word about another unit, passed on to it.</summary>
public static class MaintenanceCalls
{
    /// <summary>Holds the unit that is asked.</summary>
    public static PeerCall<HoldRequest, HoldResult> Hold { get; } =
        new("unit.hold", ApiJson.Default.HoldRequest, ApiJson.Default.HoldResult);

    /// <summary>Releases it.</summary>
    public static PeerCall<ReleaseRequest, ReleaseResult> Release { get; } =
        new("unit.release", ApiJson.Default.ReleaseRequest, ApiJson.Default.ReleaseResult);

    /// <summary>Reboots it.</summary>
    public static PeerCall<RebootRequest, RebootResult> Reboot { get; } =
        new("unit.reboot", ApiJson.Default.RebootRequest, ApiJson.Default.RebootResult);
}
